package jq

// prelude defines the builtins that are best said in jq itself: those whose outputs, paths and errors follow from the
// language. Each gives what jq 1.6's own definition gives, also where that surprises.
const prelude = `
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: arrays, objects;
def normals: select(isnormal);
def finites: select(isfinite);
def scalars: select(type as $t | $t != "array" and $t != "object");
def scalars_or_empty: select((type as $t | $t != "array" and $t != "object") or length == 0);

def recurse_down: recurse;
def paths: path(..) | select(length > 0);
def paths(f): . as $root | paths | select(. as $path | $root | getpath($path) | f);
def leaf_paths: paths(scalars);
def walk(f): . as $in
  | if type == "object" then reduce keys_unsorted[] as $k ({}; . + {($k): ($in[$k] | walk(f))}) | f
    elif type == "array" then map(walk(f)) | f
    else f end;
def tostream: . as $in
  | if (type as $t | $t != "array" and $t != "object") or length == 0 then [[], .]
    else keys_unsorted as $keys | $keys[-1] as $last
      | (($keys | .[] | . as $k | $in[$k] | tostream | .[0] |= [$k] + .), [[$last]]) end;
def fromstream(events): foreach events as $e ([null, false, null, false];
  (if ($e[0] | length) == 0 then [null, false, .[2], .[3]]
   elif ($e | length) == 1 and ($e[0] | length) < 2 then [null, false, .[0], .[1]]
   else . end)
  | . as $state
  | if ($e | length) > 1 and ($e[0] | length) > 0
    then [(.[0] | setpath($e[0]; $e[1])), true, $state[2], $state[3]]
    else . end;
  (if ($e[0] | length) == 1 and ($e | length == 1) and .[3] then .[2] else empty end),
  (if ($e[0] | length) == 0 then $e[1] else empty end));
def truncate_stream(events): . as $n | null | events | . as $e
  | if (.[0] | length) > $n then setpath([0]; $e[0][$n:]) else empty end;

def from_entries: map({(.key // .Key // .name // .Name): (if has("value") then .value else .Value end)}) | add | . // {};
def with_entries(f): to_entries | map(f) | from_entries;

def any(source; f): [label $done | foreach source as $x (false;
    if . then break $done elif $x | f then true else . end; if . then . else empty end)] | length == 1;
def any(f): any(.[]; f);
def any: any(.);
def all(source; f): [label $done | foreach source as $x (true;
    if . | not then break $done elif $x | f then . else false end; if . then empty else . end)] | length == 0;
def all(f): all(.[]; f);
def all: all(.);
def isempty(f): 0 == ((label $done | f | (1, break $done)) // 0);
def in(container): . as $key | container | has($key);
def inside(container): . as $part | container | contains($part);
def IN(set): reduce (first(select(. == set)) | true) as $hit (false; if . or $hit then true else false end);
def IN(source; set): reduce (source | IN(set)) as $hit (false; if . or $hit then true else false end);
def INDEX(rows; key): reduce rows as $row ({};
  .[$row | key | if type != "string" then tojson else . end] |= $row);
def INDEX(key): INDEX(.[]; key);
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; rows; key): rows | [., $index[key]];
def JOIN($index; rows; key; joined): rows | [., $index[key]] | joined;

def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else last(limit($n + 1; f)) end;
def inputs: try repeat(_input) catch if . == "break" then empty else error end;
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def combinations(n): . as $in | [range(n) | $in] | combinations;
def transpose: if . == [] then [] else . as $in | (map(length) | max) as $width | length as $height
  | reduce range(0; $width) as $j ([]; . + [reduce range(0; $height) as $i ([]; . + [$in[$i][$j]])]) end;
def bsearch(target):
  if length == 0 then -1
  elif length == 1 then if target == .[0] then 0 elif target < .[0] then -1 else -2 end
  else . as $in | [0, length - 1, null]
    | until(.[0] > .[1];
        if .[2] != null then .[1] = -1
        else ((.[0] + .[1]) / 2 | floor) as $mid | $in[$mid] as $x
          | if $x == target then .[2] = $mid
            elif .[0] == .[1] then .[1] = -1
            elif $x < target then .[0] = $mid + 1
            else .[1] = $mid - 1 end
        end)
    | if .[2] != null then .[2] elif $in[.[0]] < target then -2 - .[0] else -1 - .[0] end
  end;
def _nwise($n): def pieces: if length <= $n then . else .[0:$n], (.[$n:] | pieces) end; pieces;

def match(re; flags): _match_impl(re; flags; false) | .[];
def test(re; flags): _match_impl(re; flags; true);
def _captures: reduce (.captures | .[] | select(.name != null) | {(.name): .string}) as $pair ({}; . + $pair);
def capture(re; flags): match(re; flags) | _captures;
def match($re): ($re | type) as $t
  | if $t == "string" then match($re; null)
    elif $t == "array" and ($re | length) > 1 then match($re[0]; $re[1])
    elif $t == "array" and ($re | length) > 0 then match($re[0]; null)
    else error($t + " not a string or array") end;
def test($re): ($re | type) as $t
  | if $t == "string" then test($re; null)
    elif $t == "array" and ($re | length) > 1 then test($re[0]; $re[1])
    elif $t == "array" and ($re | length) > 0 then test($re[0]; null)
    else error($t + " not a string or array") end;
def capture($re): ($re | type) as $t
  | if $t == "string" then capture($re; null)
    elif $t == "array" and ($re | length) > 1 then capture($re[0]; $re[1])
    elif $t == "array" and ($re | length) > 0 then capture($re[0]; null)
    else error($t + " not a string or array") end;
def scan(re): match(re; "g") | if (.captures | length) > 0 then [.captures | .[] | .string] else .string end;
def splits($re; flags): . as $in
  | [match($re; "g" + flags) | (.offset, .offset + .length)]
  | [0] + . + [$in | length] | . as $at | range(0; length; 2) as $i | $in[$at[$i]:$at[$i + 1]];
def splits($re): splits($re; null);
def split($re; flags): [splits($re; flags)];
`

// traced defines once more the natives that jq 1.6 has in jq: in a path expression what they go through on the way shows, in the
// path and in the errors.
const traced = `
def add: reduce .[] as $x (null; . + $x);
def flatten: flatten(infinite);
def flatten($depth):
  def level($n): reduce .[] as $x ([]; if ($x | type) == "array" and $n != 0 then . + ($x | level($n - 1)) else . + [$x] end);
  if $depth < 0 then error("flatten depth must not be negative") else level($depth) end;
def unique: _group_by_impl(map([.])) | map(.[0]);
def reverse: [.[length - 1 - range(length)]];
def join($sep): reduce .[] as $x (null;
    (if . == null then "" else . + $sep end)
    + ($x | if type == "boolean" or type == "number" then tostring else . // "" end)) // "";
def ascii_downcase: explode | map(if 65 <= . and . <= 90 then . + 32 else . end) | implode;
def ascii_upcase: explode | map(if 97 <= . and . <= 122 then . - 32 else . end) | implode;
def indices($x):
  if type == "array" then .[if $x | type == "array" then $x else [$x] end]
  elif type == "string" and ($x | type) == "string" then _strindices($x)
  else .[$x] end;
def index($x): indices($x) | .[0];
def rindex($x): indices($x) | .[-1:] | .[0];
`
