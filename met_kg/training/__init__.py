"""Items and captions -> chat examples -> a LoRA adapter (or a fully trained model), through TRL and peft."""
