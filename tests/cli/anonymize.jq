# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A report as it has to be once the trace is anonymised: every value put in place by what
# --map wrote ($map), none by what the anonymised trace says. With $map null: a report as
# it is, in the same form.
def put($kind): . as $value | if . == null or $map == null or (type == "string" and startswith("("))
	then .
	elif ($map[$kind] // {}) | has($value | tostring) | not then "\($kind) \($value) is not in the map"
	elif type == "number" then $map[$kind][$value | tostring] | tonumber
	else $map[$kind][$value] end;
def program: if type == "string" and startswith("/") then put("exe") else put("program") end;
# one without a name is called by its number
def interface: if type == "string" and test("^if[0-9]+$") and $map != null
	then "if" + (.[2:] | tonumber | put("ifindex") | tostring) else put("interface") end;
def column($name; f): if has($name) then .[$name] |= f else . end;

def row:
	column("pid"; put("pid")) | column("parent_pid"; put("pid"))
	| column("comm"; put("program")) | column("parent_comm"; put("program"))
	| column("program"; program) | column("exe"; put("exe")) | column("build_id"; put("build_id"))
	| column("args"; if . == null then . else "arguments" end)
	| column("uid"; put("uid")) | column("gid"; put("uid")) | column("user"; put("user"))
	| column("netns"; put("namespace")) | column("mntns"; put("namespace"))
	| column("pidns"; put("namespace")) | column("netns_name"; put("netns"))
	| column("interface"; interface) | column("cgroup"; put("cgroup_path"))
	| column("cgroup_id"; put("cgroup_id"))
	| column("container"; if . != null and length == 64 then put("id") else . end)
	| column("unit"; if . == null or $map == null then . else . as $unit
		| ($unit | capture("^(?<name>.*)(?<suffix>\\.[a-z]+)$")) as $parts
		| ($map.unit[$parts.name] // $parts.name) + $parts.suffix end)
	| column("local_addr"; put("address")) | column("remote_addr"; put("address"))
	| column("local_port"; put("port")) | column("remote_port"; put("port"))
	| column("port"; put("port")) | column("consumers"; if . == null then . else map(put("pid")) | sort end);

def trace: del(.file, .uuid, .kernel) | .host |= put("host")
	| .interfaces |= (map(column("netns"; put("namespace")) | column("ifindex"; put("ifindex"))
		| column("name"; interface)) | sort_by(tojson));

{ traces: [.traces[] | trace], by: .by, rows: [.rows[] | row] | sort_by(tojson) }
