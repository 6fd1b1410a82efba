"""Doors to models: text embedder, image-text aligner, vision-language model."""

import logging

# Where it is installed, peft and TRL import it, and on a CPU it warns of a kernel that only its 4-bit models would use.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
