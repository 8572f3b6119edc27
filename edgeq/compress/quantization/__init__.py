"""Train with quantized weights and activations, or calibrate: modules whose integers `edgeq lower` reads."""
