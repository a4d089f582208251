# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How run.sh and document.sh show a figure.

def fixed($digits):
	(if . < 0 then "-" else "" end) as $sign
	| (fabs * pow(10; $digits) | round | tostring) as $text
	| if $digits == 0 then $sign + $text
	  else ("0" * ($digits + 1 - ($text | length)) // "") + $text
		| $sign + .[:-$digits] + "." + .[-$digits:]
	  end;

# A number as wide as it is worth; large ones in thousands and millions.
def short:
	fabs as $size
	| if . == floor and $size < 100000 then tostring
	  elif $size >= 1e9 then (. / 1e9 | fixed(2)) + " G"
	  elif $size >= 1e6 then (. / 1e6 | fixed(2)) + " M"
	  elif $size >= 1e4 then (. / 1e3 | fixed(1)) + " k"
	  elif $size >= 1000 then fixed(0)
	  elif $size >= 100 then fixed(1)
	  elif $size >= 10 then fixed(2)
	  else fixed(3)
	  end;

# value, low, high, must or goal of a result
def shown($name): .[$name] | if . == null then "" else short end;
def with_unit: if .value == null then "-" else [shown("value"), .unit] | map(select(. != "" and . != "ratio")) | join(" ") end;
def range: if .low == null then "" else shown("low") + " to " + shown("high") end;

def reaches($bound):
	if .better == "lower" then .value <= $bound else .value >= $bound end;

# What of its budget a result meets: "" if it has none
def met:
	if .must == null and .goal == null then ""
	elif .value == null then "not measured"
	elif .goal != null and reaches(.goal) then "goal"
	elif .must == null or reaches(.must) then "must"
	else "MISSED"
	end;

def section_names: {
	flood: "A flood's rate while it is traced, against untraced",
	kernel: "The kernel's programs, for each packet",
	stages: "The kernel's programs, stage by stage",
	recorder: "The recorder",
	trace: "The trace",
	report: "Reports",
	load: "Loading a database",
	scale: "Scale",
	profile_recorder: "Where the recorder's CPU time goes",
	profile_report: "Where that of the three reports goes",
	profile_load: "Where that of load goes"
};
def section_name: . as $name | section_names[$name] // $name;

# Sections in the order in which they came.
def by_section:
	reduce .[] as $one ([]; if any(.[]; .[0].section == $one.section)
		then map(if .[0].section == $one.section then . + [$one] else . end)
		else . + [[$one]] end);
