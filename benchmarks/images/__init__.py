"""Real images for exactness and speed, built from what package registries serve.

python -m benchmarks.images.build     makes them in .patchgate/images
python -m benchmarks.images.exactness compares our inventory with the package managers' own
"""
