"""Is a day in, and what a pull brings."""
