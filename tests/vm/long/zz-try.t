. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
reload_policies
reloads 30
unload
done_testing
