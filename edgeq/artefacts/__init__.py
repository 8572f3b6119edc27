"""What every writer and reader of files shares: safe writing, `.npy`, the manifest, where templates live."""
