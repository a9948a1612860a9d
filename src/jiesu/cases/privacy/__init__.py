"""What is personal: keys, sealed words, who may see them, and how they go away."""
