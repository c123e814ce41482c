"""`python -m prefab` is the command `prefab`."""

from prefab.cli import main

main()
