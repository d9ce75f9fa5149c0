"""One seed, one life of a lake: what arrives late, twice, corrected and in any order, and what must hold whatever happens."""
