"""What becomes of a file and of each of its rows on the way into the lake."""
