def join($s): reduce .[] as $x (null;
  (if . == null then "" else . + $s end)
  + ($x | if . == null then "" elif isstring then . else tojson end)) // "";
def del(f): delpaths([path(f)]);
def toarray: if isarray then . else [.] end;
def from_entries: reduce .[] as $x ({}; . + {
  ($x | [.key, .k, .name, .Name, .Key, .K] | map(select(. != null)) | first | if isstring then . else tojson end):
  ($x | if has("value") then .value elif has("v") then .v else .Value end)
});
def with_entries(f): to_entries | map(f) | from_entries;
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);

def test(re; flags): test_(re; flags);
def test(re): test_(re; null);
def @csv: [.[] | if isstring then "\"" + (split("\"") | join("\"\"")) + "\"" elif . == null then "" else tojson end] | join(",");
def @tsv: [.[] | if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r") elif . == null then "" else tojson end] | join("\t");
