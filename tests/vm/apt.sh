# SPDX-License-Identifier: GPL-2.0-or-later
# Packages of Debian's, from the mirror that this machine is configured for and signed by Debian's archive keys, without touching the
# machine's own package lists. Sourced by fetch-kernels and fetch-root, which have `die MESSAGE`.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Print "URI SUITE" for every binary source of Debian's "main" that the machine
# is configured for.  Third parties name their suites after Debian's too, hence
# the demand for the component.
machine_sources() {
	local etc parts list
	eval "$(apt-config shell etc Dir::Etc/d list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	{
		if [[ -r ${list:-} ]]; then cat "$list"; fi
		find "${parts:-$etc/sources.list.d}" -name '*.list' -exec cat {} + 2>/dev/null || true
	} | awk '
		$1 == "deb" {
			sub(/^[ \t]*deb[ \t]+(\[[^]]*\][ \t]*)?/, ""); sub(/#.*/, "")
			for (i = 3; i <= NF; i++) if ($i == "main") print $1, $2
		}'
	# deb822: paragraphs of fields; a line that starts with a blank continues a field.
	{
		find "${parts:-$etc/sources.list.d}" -name '*.sources' -exec awk 1 {} \; -exec echo \; 2>/dev/null || true
	} | awk '
		function flush(   u, s, c, i, j, nu, ns) {
			if ((" " f["types"] " ") ~ / deb / && (" " f["components"] " ") ~ / main / && tolower(f["enabled"]) !~ /no|false|off/) {
				nu = split(f["uris"], u); ns = split(f["suites"], s)
				for (i = 1; i <= nu; i++) for (j = 1; j <= ns; j++) print u[i], s[j]
			}
			split("", f)
		}
		/^#/ { next }
		/^[ \t]*$/ { flush(); next }
		/^[ \t]/ { f[k] = f[k] " " $0; next }
		{ k = tolower($0); sub(/:.*/, "", k); v = $0; sub(/^[^:]*:[ \t]*/, "", v); f[k] = v }
		END { flush() }' | tr '\t' ' '
}

# The mirror that carries SUITE: the one configured for it, else, since one
# archive carries all of Debian's releases, the one configured for bookworm.
uri_of_suite() {
	local want=$1 sources=$2 uri
	uri=$(awk -v s="$want" '$2 == s { print $1; exit }' <<<"$sources")
	# Security has an archive of its own; without it the release has a kernel too.
	if [[ -z $uri && $want != *-security ]]; then
		uri=$(awk '$2 == "bookworm" { print $1; exit }' <<<"$sources")
	fi
	echo "$uri"
}

# Write apt's private configuration below $1 for the suites that follow.
private_apt() {
	local dir=$1 sources suite uri
	shift
	sources=$(machine_sources)
	mkdir -p "$dir"/{state/lists/partial,cache/archives/partial,debs}
	: >"$dir/status"
	: >"$dir/sources.list"
	for suite; do
		uri=$(uri_of_suite "$suite" "$sources")
		[[ -n $uri ]] || continue
		# Nothing but package lists: no translations, no Contents, no icons.
		echo "deb [arch=amd64 target=Packages signed-by=$keyring] $uri $suite main" >>"$dir/sources.list"
	done
	[[ -s $dir/sources.list ]] ||
		die "no Debian mirror in apt's sources: add an entry for suite bookworm, component main"
	cat >"$dir/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$dir/state";
		Dir::State::lists "$dir/state/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Cache::archives "$dir/cache/archives";
		APT::Architecture "amd64";
		APT::Sandbox::User "$(id -un)";
		APT::Update::Error-Mode "any";
		Acquire::Retries "3";
	CONF
}

# An apt command under the private configuration, which comes on top of the
# machine's own: proxies and the like stay in force.
with_apt() { APT_CONFIG=$apt_conf "$@"; }
