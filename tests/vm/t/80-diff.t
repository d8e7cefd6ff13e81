# The decision core in this kernel against the same core run natively, on random policies and requests; and that a mistake on
# one side is noticed.
exec "$BAILIFF_TOP/tests/diff/run"
