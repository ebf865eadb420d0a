# SPDX-License-Identifier: MIT
"""A valid sweep file and the mistakes to plant in it, each with its place and parts of the message."""

# One text of this is replaced in each test; a place is that of the replacement, or of what it makes impossible.
VALID = """\
name: planted
host: xeon-e5-1650v4
nic: {link: 10 Gbit/s, tx_ring: 512, coalesce: {usecs: 8, frames: 32}}
kernel: "6.12"
packets: 20_000
warmup: 2_000
axes:
  strategy: [page_allocator, page_frag, page_pool]
  traffic: [router, mine]
  ring: [64, 256, 1024]
  load: [0.1, 0.3]
zip:
  - {strategy.pool_size: [ring, 2*ring], label: [one, two]}
where: strategy != page_frag or ring <= 256
replicates: 2
seed: 1
baseline: {strategy: page_allocator}
traffic:
  mine:
    arrivals: {on_off: {burst: 16, peak: 0.9}}
    sizes: imix
    fates: {local: 0.9, drop: 0.1}
    reader: {cpu: other, wakeup: 5 us, rate: 2 Mpps, rcvbuf: 4 MiB}
"""
# page_allocator 12 + page_frag 8 + page_pool 24 points; 48 before the constraint, which a mistake in a value that
# it uses leaves out of the count.

MISTAKES = {
    # name: (old text, new text, place, parts of the message)
    "strategy": (
        "page_pool]",
        "page_pol]",
        "8:41",
        [
            'strategy "page_pol" is not known. Did you mean "page_pool"? 12 of 32 points use it.',
            "known: bounded_pool, ",
        ],
    ),
    "traffic": (
        "[router, mine]",
        "[ruoter, mine]",
        "9:13",
        ['traffic "ruoter" is not known. Did you mean "router"?', "22 of 44"],
    ),
    "host": (
        "host: xeon-e5-1650v4",
        "host: xeon",
        "2:7",
        ['host "xeon" is not known.', "known: armada-3720", "see: hosts/ beside the sweep file"],
    ),
    "nic by name": (
        "nic: {",
        "nic: 11g #{",
        "3:6",
        ['nic "11g" is not known.', 'Did you mean "10g"?', "44 of 44 points"],
    ),
    "kernel": ('"6.12"', '"6.x"', "4:9", ['kernel "6.x" is no release of Linux', "4.6, 4.11-rc1, 4.19", "7.2.13, 7.3"]),
    "kernel before the first known": ('"6.12"', '"4.4"', "4:9", ["is older than the oldest", 'Did you mean "4.6"?']),
    "kernel that never was": (
        '"6.12"',
        '"5.40"',
        "4:9",
        ["its series is 5.19", 'Did you mean "5.19"?', "sweep show kernels"],
    ),
    "key": ("replicates:", "replicate:", "15:1", ['the key "replicate" is not known. Did you mean "replicates"?']),
    "axis": ("  ring:", "  rnig:", "10:3", ['the axis "rnig" is not known. Did you mean "ring"?']),
    "nic key": ("tx_ring", "txring", "3:24", ['the key "txring" is not known. Did you mean "tx_ring"?', "known: link"]),
    "inner nic key": (
        "frames: 32",
        "frame: 32",
        "3:59",
        ['the key "coalesce.frame" is not known.', '"coalesce.frames"'],
    ),
    "mix key": (
        "sizes: imix",
        "size: imix",
        "21:5",
        ['traffic "mine": the key "size" is not known. Did you mean "sizes"?', "22 of 44"],
    ),
    "reader key": ("rcvbuf", "rcvbuff", "23:54", ['"reader.rcvbuff"', 'Did you mean "reader.rcvbuf"?']),
    "no unit": ("wakeup: 5 us", "wakeup: 5", "23:34", ['"5" is a time and needs a unit', "units: ps, ns, us, ms, s"]),
    "wrong unit": ("rcvbuf: 4 MiB", "rcvbuf: 4 ms", "23:62", ['"4 ms" is a time, not a size', "units: B"]),
    "unknown unit": ("rate: 2 Mpps", "rate: 2 Mqps", "23:46", ['has the unit "Mqps"', "units: pps, kpps, Mpps, Gpps"]),
    "link": ("10 Gbit/s", "7 Gbit/s", "3:13", ['"7 Gbit/s" does not give a whole number of ps per byte']),
    "boolean": (
        "[64, 256, 1024]",
        "[64, on, 1024]",
        "10:14",
        ['ring "on" is not a number (YAML reads on', "16 of 48 points use it"],
    ),
    "word": ("seed: 1", "seed: one", "16:7", ['seed "one" is not a number']),
    "fraction": ("[64, 256", "[64.5, 256", "10:10", ['ring "64.5" is not a whole number']),
    "nan": ("load: [0.1", "load: [.nan", "11:10", ['load ".nan" is not a number']),
    "negative": ("[64, 256", "[-64, 256", "10:10", ['ring "-64" is too small: 1 to 32,768']),
    "too large": ("[64, 256", "[64, 70_000", "10:14", ['ring "70_000" is too large: 1 to 32,768']),
    "negative size": ("rcvbuf: 4 MiB", "rcvbuf: -4 MiB", "23:62", ['"-4 MiB" is too small']),
    "load": (
        "load: [0.1",
        "load: [1.000_001",
        "11:10",
        ['load "1.000_001" is too large: 1e-06 to 1 are allowed; a link carries one frame after the other'],
    ),
    "peak above the link": ("peak: 0.9", "peak: 1.5", "20:42", ['"1.5" is too large: 1e-06 to 1']),
    "empty axis": ("[64, 256, 1024]", "[]", "10:9", ['the axis ring "[]" has no values']),
    "null axis": ("ring: [64, 256, 1024]", "ring:", "10:8", ["the axis ring has no value; it takes a list"]),
    "scalar axis": ("ring: [64, 256, 1024]", "ring: 64", "10:9", ['the axis ring takes a list, not "64"']),
    "list in axis": ("[64, 256, 1024]", "[64, [256]]", "10:14", ["ring takes one value, not a list"]),
    "duplicate value": ("[64, 256, 1024]", "[64, 256, 256]", "10:19", ['the axis ring has "256" twice']),
    "the same value": ("load: [0.1, 0.3]", "load: [0.1, 10 %]", "11:15", ['the axis load has "10 %" twice']),
    "duplicate key": ("warmup:", "packets:", "6:1", ['"packets" is given twice; first at my.yaml:5:1']),
    "axis and fixed": ("seed: 1", "ring: 64", "16:1", ['"ring" is a fixed value here and an axis at my.yaml:10:3']),
    "list at top": ("packets: 20_000", "packets: [1_000, 2_000]", "5:10", ['"packets" is a list here', '"axes:"']),
    "range": ("[64, 256, 1024]", "{range: [64, 1024]}", "10:17", ["range takes [first, last, step]"]),
    "range step": ("[64, 256, 1024]", "{range: [64, 1024, 0]}", "10:17", ["needs a step above zero"]),
    "form": ("[64, 256, 1024]", "{log3: [64, 1024]}", "10:10", ['the form "log3" is not known. Did you mean']),
    "no log2 of shares": ("[0.1, 0.3]", "{log2: [0.1, 0.3]}", "11:10", ["load takes a list of values, not log2"]),
    "zip lengths": ("[one, two]", "[one]", "13:5", ['"strategy.pool_size" has 2, "label" has 1']),
    "zip key": (
        "strategy.pool_size",
        "strategy.pool_sise",
        "13:6",
        ['"strategy.pool_sise" is not known. Did you mean "strategy.pool_size"?'],
    ),
    "zip and axis": (
        "strategy.pool_size: [ring, 2*ring]",
        "ring: [1, 2]",
        "13:6",
        ['"ring" is in this zip and also an axis'],
    ),
    "zip twice": ("2*ring]", "ring]", "13:33", ["entry 2 of the zip is the same as entry 1"]),
    "label alone": ("strategy.pool_size: [ring, 2*ring], ", "", "13:5", ["a zip needs a parameter besides its label"]),
    "formula": ("2*ring]", "2*rnig]", "13:33", ['the parameter "rnig" is not known. Did you mean "ring"?']),
    "formula of text": (
        "2*ring]",
        "many bytes]",
        "13:33",
        ['strategy.pool_size "many bytes" is not a valid expression'],
    ),
    "knob bounds": (
        "2*ring]",
        "64*ring]",
        "13:33",
        ['strategy.pool_size "64*ring" is 65,536 at ring 1,024', "1 to 32,768", "4 of 44 points"],
    ),
    "knob not whole": ("2*ring]", "ring/3]", "13:33", ['"ring/3" is 21.3333333333 at ring 64', "impossible"]),
    "where syntax": (
        "or ring <= 256",
        "or ring <=",
        "14:8",
        ['"strategy != page_frag or ring <=" is not a valid expression'],
    ),
    "where name": ("or ring <= 256", "or rign <= 256", "14:8", ['"rign"', 'Did you mean "ring"?']),
    "where value": (
        "!= page_frag",
        "!= page_frog",
        "14:8",
        ['"page_frog" in it, which is not known. Did you mean "page_frag"?'],
    ),
    "where code": ("ring <= 256", "exit() == 1", "14:8", ['has "(" where an operator or the end is expected']),
    "where removes all": (
        "strategy != page_frag or ring <= 256",
        "ring > 9_999",
        "14:8",
        ["where removes every point"],
    ),
    "baseline": (
        "baseline: {strategy: page_allocator}",
        "baseline: {strategy: refcount_recycle}",
        "17:22",
        [
            'baseline: strategy "refcount_recycle" is not among the points',
            "known: page_allocator, page_frag, page_pool",
        ],
    ),
    "baseline misspelt": (
        "baseline: {strategy: page_allocator}",
        "baseline: {strategy: page_alocator}",
        "17:22",
        ['"page_alocator" is not known. Did you mean "page_allocator"?'],
    ),
    "baseline without strategy": ("{strategy: page_allocator}", "{ring: 64}", "17:11", ['baseline lacks "strategy"']),
    "baseline together": (
        "{strategy: page_allocator}",
        "{strategy: page_frag, ring: 1024}",
        "17:39",
        ["at no point together"],
    ),
    "packets and warmup": (
        "warmup: 2_000",
        "warmup: 20_000",
        "5:10",
        ['packets "20,000" is not above warmup "20,000"', "44 of 44 points are impossible"],
    ),
    "fates": ("drop: 0.1}", "drop: 0.2}", "22:12", ['add up to "1.1", not to 1']),
    "no reader": ("    reader:", "    #", "22:12", ['has local packets and needs a "reader"']),
    "no sizes": ("    sizes: imix\n", "", "20:5", ['traffic "mine" lacks "sizes"']),
    "sizes": ("sizes: imix", "sizes: [{bytes: 20, weight: 1}]", "21:21", ['"20" is too small: 60 to 9000']),
    "size twice": (
        "sizes: imix",
        "sizes: [{bytes: 64, weight: 1}, {bytes: 64, weight: 2}]",
        "21:45",
        ['"64" is given twice'],
    ),
    "frame": (
        "sizes: imix",
        "sizes: 9000 B",
        "9:21",
        ['frames of "9,000 B"; a buffer of page_allocator holds', "22 of 44 points"],
    ),
    "arrivals": ("on_off:", "onoff:", "20:16", ['the form "onoff" is not known. Did you mean "on_off"?']),
    "peak": (
        "[0.1, 0.3]",
        "[0.1, 0.95]",
        "11:15",
        ['load "0.95" is not below the peak "0.9" of the bursts of traffic "mine"', "11 of 44 points"],
    ),
    "tail": ("wakeup: 5 us", "wakeup: {lognormal: {median: 1 us, p99: 1 s}}", "23:34", ["reaches beyond"]),
    "median above p99": (
        "wakeup: 5 us",
        "wakeup: {lognormal: {median: 9 us, p99: 1 us}}",
        "23:55",
        ['median "9 us" is above p99 "1 us"'],
    ),
    "p98": (
        "wakeup: 5 us",
        "wakeup: {lognormal: {median: 9 us, p98: 1 us}}",
        "23:61",
        ['the key "p98" is not known', "p99"],
    ),
    "refill": (
        "ring: [64,",
        "ring: [8,",
        "10:10",
        ['ring "8" is smaller than nic.refill_batch "16"', "16 of 44 points"],
    ),
    "slow": ("load: [0.1", "load: [0.000_001", "11:10", ['load "1e-06" is too low', "impossible"]),
    "replicates": ("replicates: 2", "replicates: 0", "15:13", ['replicates "0" is too small']),
    "seed": ("seed: 1", "seed: -1", "16:7", ['seed "-1" is too small']),
    "alias": ("[router, mine]", "[*router, mine]", "9:13", ['the anchor "&router" is not known here']),
    "endless": ("[router, mine]", "&a [router, *a]", "9:24", ['the alias "*a" stands inside the value of "&a"']),
    "merged": ("seed: 1", "seed: &s 1\nhosts: {a: {<<: *s}}", "16:7", ['"<<" takes a mapping', "at", ":17:17"]),
    "tag": ("seed: 1", "seed: !!python/object:os.system 1", "16:7", ["tag", "is not used"]),
    "syntax": ("[router, mine]", "[router, mine", "10:7", ["is not valid YAML"]),
    "tab": ("  ring:", "\tring:", "10:1", ["is not valid YAML"]),
    "control character": ("seed: 1", "seed: \x07", "16:7", ['has the character "U+0007"']),
    "axes list": ("axes:\n", "axes: [1]\nhosts:\n", "7:7", ["axes takes a mapping, not a list"]),
    "claims": ("seed: 1", "claims: [{name: a}]", "16:10", ['a claim lacks "that"']),
    "claim key": ("seed: 1", "claims: [{nam: a, that: b}]", "16:11", ['"nam" is not known. Did you mean "name"?']),
    "point key": ("seed: 1", "points: [{rnig: 1}]", "16:11", ['the parameter "rnig" is not known']),
    "point lacks": (
        "seed: 1",
        "points: [{strategy: page_pool, ring: 99, load: 0.1}]",
        "16:10",
        ['this point lacks "traffic"'],
    ),
    "point knob": (
        "seed: 1",
        "points: [{strategy: page_frag, traffic: host, ring: 99, load: 0.1, strategy.pool_size: 9}]",
        "16:88",
        ['page_frag has no "strategy.pool_size"', "known: strategy.frag_bytes"],
    ),
    "idle knob": (
        "page_pool]",
        "refcount_recycle]",
        "13:27",
        ['no strategy among the points has "strategy.pool_size"'],
    ),
    "huge": (
        "[64, 256, 1024]",
        "{range: [64, 32_000, 1]}\n  packets: {range: [3000, 4000, 1]}\n  warmup: {range: [1, 3000, 1]}",
        "8:3",
        ["laying them out takes about", "GB of memory, and"],
    ),
    "long axis": (
        "ring: [64",
        "memory_pages: {range: [1, 900_000_000, 1]}\n  ring: [64",
        "10:25",
        ["100,000 is the most"],
    ),
    "deep": ("seed: 1", "claims: " + "[" * 1000 + "]" * 1000, "16:28", ["nested more than 20 levels deep"]),
    "huge number": ("seed: 1", "seed: 1e99", "16:7", ["too large"]),
    "surrogate": ("seed: 1", 'name: "\\uD800"', "16:10", ["not valid YAML", "escape code"]),
    "copybreak on a list": (
        "seed: 1",
        "nic.copybreak: yes",
        "16:16",
        ['nic.copybreak "yes" is not a number', "booleans"],
    ),
}
