"""Second, plain-Python reading of the methodologies: expected results without the package under test."""
