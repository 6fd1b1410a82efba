"""``python -m met_kg.cli``: the command ``met``, for launchers that start modules."""

from met_kg.cli import main

if __name__ == "__main__":
    main()
