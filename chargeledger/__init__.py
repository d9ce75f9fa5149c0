"""chargeledger: exact accounting of estimated CO2 avoided and green-energy points for electric-vehicle charging."""

__version__ = "0.1.0"
