"""What a preset is, and how a range becomes scale, zero point and limits: shared by training and lowering."""
