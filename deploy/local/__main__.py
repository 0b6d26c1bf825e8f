"""`python -m deploy.local`: what `./samverkan` runs."""

from deploy.local.cli import main

if __name__ == "__main__":
    main()
