"""Derived variables: recode, band, period, combine, set, net, conditions, compute, as checked definitions over a codebook."""
