#!/bin/sh
# cli.sh ELBOW SOURCE - the command as its users meet it: messages, exit statuses, help, JSON, the run folder.
set -u
elbow=$1 source=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" && ln -s "$elbow" "$work/bin/elbow" && cd "$work" || exit 1
PATH=$work/bin:$PATH
export PATH XDG_CACHE_HOME="$work/cache"
failures=0

fail() {
    echo "cli.sh: $*" >&2
    sed 's/^/    /' out err >&2
    failures=$((failures + 1))
}

# expect STATUS WORDS ARGUMENT...: the exit status, and words on stderr (for a failure: one line, no result)
expect() {
    status=$1 words=$2
    shift 2
    elbow "$@" >out 2>err </dev/null
    got=$?
    [ "$got" -eq "$status" ] || fail "elbow $*: exit status $got, not $status"
    [ -z "$words" ] || grep -qF -e "$words" err || fail "elbow $*: says nothing of '$words'"
    [ "$status" -eq 0 ] && return
    [ ! -s out ] || fail "elbow $*: failed and still printed a result"
    [ "$(grep -vc '^elbow: warning: ' err)" -eq 1 ] || fail "elbow $*: not one line"
    grep -q '^elbow: ' err || fail "elbow $*: the message does not begin with the program's name"
}

# json PYTHON ARGUMENT...: what the command prints is JSON (as d) of which the expression holds
json() {
    expression=$1
    shift
    elbow "$@" >out 2>err </dev/null || fail "elbow $*: exit status $?"
    python3 -m json.tool out >pretty 2>>err || fail "elbow $*: not JSON"
    python3 -c "import json, math, re; d = json.load(open('out')); assert $expression" 2>>err || fail "elbow $*: not $expression"
}

# ---- wrong usage: status 2, with the nearest right spelling ----

expect 2 "did you mean 'elbow train'?" trian
expect 2 "did you mean 'elbow evaluate'?" help evalaute
expect 2 "'elbow --help' lists them" frobnicate
expect 2 "before a command: --help, which lists the commands, and --version" --verson
expect 2 "before a command" --latent 20
expect 2 "needs DATA" train
expect 2 "DATA is empty" train ''
expect 2 "one argument too many: 'mnist'" train shapes mnist
expect 2 "'native': 'elbow selftest --help' shows what it takes" selftest native
expect 2 "--out '': it is empty" train shapes --out ''
expect 2 "--epochs '': not a whole number" train shapes --epochs=
expect 2 "no '.jpg' is written: give a name that ends in '.png'" sample run --out a.jpg
expect 2 "no '.PNG' is written: give a name that ends in '.svg'" advise shapes --out a.PNG
expect 2 "did you mean --latent?" train shapes --latnet 20
expect 2 "did you mean --binarise?" train shapes --binarize none
expect 2 "did you mean --lr?" train shapes --learning-rate=1e-3
expect 2 "'elbow train --help'" train shapes --frobnicate
expect 2 "options are words" train shapes -q
expect 2 "--latent 0: out of range: 1 to 65,536 latents" train shapes --latent 0
expect 2 "--latent 2.5: not a whole number" train shapes --latent=2.5
expect 2 "--latent needs a value" train shapes --latent
expect 2 "--latent needs a value" train shapes --latent --epochs 1
expect 2 "--quiet takes no value" train shapes --quiet=yes
expect 2 "--seed -1: not a whole number" train shapes --seed -1
expect 2 "does not fit 64 bits" train shapes --seed 18446744073709551616
expect 2 "--lr 0: out of range: above 0 and at most 10" train shapes --lr 0
expect 2 "--lr nan: not a number" train shapes --lr nan
expect 2 "above 0 and below 1" train shapes --holdout 1
expect 2 "did you mean 'mean'?" train shapes --reduction means/sum
expect 2 "did you mean 'bce'?" train shapes --loss bc
expect 2 "--loss mse: that is --loss sse --reduction mean/sum" explain --loss mse
expect 2 "--loss mse: that is --loss sse --reduction mean/sum" train shapes --loss mse
expect 2 "did you mean 'poisson'?" train shapes --likelihood poison
expect 2 "did you mean 'cosine'?" train shapes --lr-schedule cosin
expect 2 "'ever=2': takes every=EPOCHS" train shapes --lr-schedule step:ever=2
expect 2 "growth needs a factor, 1 or more" train shapes --lr-schedule step:growth=0.5
expect 2 "such as 400,200" train shapes --hidden 400,,200
expect 2 "at most 8 hidden layers" train shapes --hidden 9,8,7,6,5,4,3,2,1
expect 2 "'auto' or 1 to 256 shards" train shapes --shards 0
expect 2 "--weight and --beta" train shapes --weight 1 --beta 1
expect 2 "did you mean 'learned'" train shapes --sigma lerned
expect 2 "a number above 0, at most 1,000, or learned, pixel or optimal" train shapes --sigma 0
expect 2 "did you mean 'linear'" train shapes --schedule liner
expect 2 "least-rate needs its aim in nats per image, such as least-rate:to=25" train shapes --schedule least-rate
expect 2 "'form=3': takes epochs=EPOCHS, from=F" train shapes --schedule cosine:form=3
expect 2 "ratio needs the share of a cycle that rises" train shapes --schedule cyclical:ratio=0
expect 2 "nats, 0 or more, and behind a colon how many latents share them" train shapes --free-bits 1:0
expect 2 "--loss and --sigma" train shapes --loss sse --sigma 1
expect 2 "needs --likelihood gaussian" train shapes --likelihood bernoulli --sigma 1
expect 2 "poisson has no scale" train shapes --likelihood poisson --sigma learned
expect 2 "no hidden layer" train shapes --model linear --hidden 10
expect 2 "--resume --out RUN" train --resume
expect 2 "needs RUN" evaluate
expect 2 "--rows 0" sample run --rows 0
expect 2 "did you mean 'elbow explain'?" explian
expect 2 "needs --pixels D and --latent M" explain --pixels 784
expect 2 "did you mean 'pytorch'?" explain --preset pytorh
expect 2 "'elbow explain --preset list'" explain --preset frobnicate
expect 2 "a run and a preset are two losses" explain run --preset keras
expect 2 "--weight and --beta" explain --pixels 784 --latent 20 --weight 1 --beta 1
expect 2 "did you mean 'mean'?" explain --reduction maen/sum --pixels 784 --latent 20
expect 2 "did you mean --latent?" explain --latents 20 --pixels 784
expect 2 "--scale is for squared error" explain --preset keras --scale 255
expect 2 "needs DATA" advise
expect 2 "did you mean --betas?" advise shapes --beta 1
expect 2 "--betas 1,x: numbers between commas" advise shapes --betas 1,x
expect 2 "--betas 1,0: 0 is out of range" advise shapes --betas 1,0
expect 2 "at most 32" advise shapes --betas "$(seq -s , 33)"
expect 2 "needs --likelihood gaussian" advise shapes --likelihood bernoulli --sigma 1
expect 2 "no hidden layer" advise shapes --model linear --hidden 10
expect 2 "--loss and --likelihood" advise shapes --loss sse --likelihood gaussian
expect 2 "needs FILE" diagnose
expect 2 "did you mean --logits?" diagnose file.npz --logit
expect 2 "needs DATA" sweep --out swept
expect 2 "--out DIR" sweep shapes
expect 2 "did you mean --betas?" sweep shapes --beta 1 --out swept
expect 2 "did you mean --betas?" sweep shapes --weight 1 --out swept
expect 2 "has no option --resume: it goes on by itself: type the whole command" sweep shapes --resume --out swept
expect 2 "--betas needs a value" sweep shapes --out swept --betas
expect 2 "such as 0.25,1,4" sweep shapes --out swept --betas ''
expect 2 "'x': not numbers" sweep shapes --out swept --betas 1,x
expect 2 "',2': not numbers" sweep shapes --out swept --betas 1,,2
expect 2 "not numbers" sweep shapes --out swept --betas 1,2,
expect 2 "not numbers" sweep shapes --out swept --betas nan
expect 2 "-1 is out of range: 0 to 1e+09" sweep shapes --out swept --betas=-1,1
expect 2 "1 is there twice" sweep shapes --out swept --betas 1,2,1.0
expect 2 "at most 64 weights" sweep shapes --out swept --betas 0.1..10:60,20,21,22,23,24
for range in 0.1..10 0.1..10:1 0.1..10:65 10..0.1:3 0..1:3 0.1..10:3x; do
    expect 2 "such as 0.1..10:7" sweep shapes --out swept --betas "$range"
done
expect 2 "native is there twice" sweep shapes --out swept --device native,native
expect 2 "names no device" sweep shapes --out swept --device ,
expect 2 "no hidden layer" sweep shapes --out swept --model linear --hidden 10
[ ! -e swept ] || fail "sweep: a wrong command line leaves a folder"
expect 2 "did you mean --devices?" compare --device native
expect 2 "poisson has no scale" compare --likelihood poisson --sigma 1
expect 2 "--loss and --sigma" compare --loss sse --sigma 1
expect 2 "no hidden layer" compare --model linear --hidden 10
expect 2 "has no option --maths" compare --maths fast
expect 2 "--steps 0: out of range: 1 to" compare --steps 0

# ---- help: every command's examples parse, every option is in the manual ----

expect 0 "" --version
grep -q '^elbow [0-9]' out || fail "--version"
expect 0 "" --help
for command in train evaluate sample reconstruct traverse encode explain advise diagnose sweep compare tune devices selftest; do
    grep -q "^  $command " out || fail "--help does not list $command"
done
for command in train evaluate sample reconstruct traverse encode explain advise diagnose sweep compare tune devices selftest; do
    expect 0 "" $command --help
    cp out "$command.help"
    sed -n '/^Examples/,$ s/^  elbow //p' out >examples
    [ "$(grep -c . examples)" -ge 2 ] || fail "elbow $command --help: no examples"
    while read -r example; do
        # shellcheck disable=SC2086
        expect 0 "" $example --dry-run
    done <examples
    sed -n 's/^  --\([a-z-]*\).*/\1/p' "$command.help" >options
    while read -r option; do
        sed 's/\\-/-/g' "$source/docs/elbow.1" | grep -q -e "--$option" || fail "docs/elbow.1 does not name --$option"
    done <options
done

grep -q "^  --likelihood bernoulli|.*|negative-binomial$" train.help || fail "train --help: not all likelihoods"

# ---- failures: status 1 ----

expect 1 "no-such-data" train no-such-data --device native
expect 1 "did you mean shapes?" train shpes --device native
expect 1 "it is no run.json, or damaged: name a run's folder" evaluate "$source/README.md" --device native
expect 1 "no-such-device" train shapes --device no-such-device
expect 1 "there is no run no-such-run: 'elbow train' writes one" evaluate no-such-run --device native
expect 1 "bin holds no run.json: it is not a run" evaluate bin --device native
expect 1 "there is no device \"no-such-device\"" selftest --device no-such-device
expect 1 "holds no run to go on with" train --resume --out no-such-run --device native
expect 1 "cannot be made" train shapes --device native --limit 100 --out /dev/null/run
printf '\000\000\010\003\000\000\000\002\000\000\000\004\000\000\000\004cut' >cut.idx
printf '\037\213not gzip' >bad.gz
expect 1 "after 0 of 2 images" train ./cut.idx --device native
expect 1 "corrupt" train ./bad.gz --device native
printf 'a,b\n1,2\n3,x\n' >bad.csv
expect 1 "./bad.csv: line 3, column 2: 'x' is no number" train ./bad.csv --device native
expect 1 "not finite" train shapes --device native --limit 100 --likelihood gaussian --sigma 1e-19 --quiet --out infinite
grep -q "it is not --lr, .* sigma is 1e-19" err || fail "a first step that is not finite: sigma unsaid"
# sizes that no device has: one line with the most that is possible, and no figure of the memory that they would take
expect 2 "a model of 7,326,721,064 parameters is too large: at most 2,147,483,647" train shapes --device native \
    --limit 100 --hidden 60000,60000 --out vast
for size in 1 65536; do
    elbow train shapes --device native --limit 100 --hidden 4 --latent 2 --epochs 1 --batch "$size" \
        --objective "iwae:$((size > 1 ? 5000 : 2))" --out vast --overwrite >out 2>err </dev/null
    [ "$(grep -c '^memory' err)" -eq "$((size == 1))" ] || fail "train --batch $size: a figure of the memory, or none"
done
grep -q "a batch of 65536 with 327680000 draws is not possible: at most 16777216" err || fail "train: no most"
elbow devices >&- 2>err && fail "a closed output goes unnoticed"
grep -q "standard output" err || fail "a closed output goes unsaid"
if [ -e /dev/full ]; then
    elbow devices >/dev/full 2>err && fail "a full disk goes unnoticed"
    grep -q "standard output: No space" err || fail "a full disk goes unsaid"
    elbow selftest --device native --json >/dev/full 2>err && fail "a full disk goes unnoticed in a long output"
    grep -Eq "standard output: (No space|not all)" err || fail "a full disk goes unsaid in a long output"
fi
mkfifo pipe && ln -s loop loop && mkdir hollow
expect 1 "pipe is not a regular file" diagnose pipe --loss bce
expect 1 "pipe is not a regular file" train --config pipe
expect 1 "pipe is not a regular file" train ./pipe --device native
expect 1 "./loop: Too many levels" train ./loop --device native
expect 1 "holds no train-images" train ./hollow --device native
if [ "$(id -u)" -ne 0 ]; then # nothing is closed to root
    mkdir closed && : >closed/run.json && chmod 0 closed
    expect 1 "closed: Permission denied" train --resume --out closed
    expect 1 "closed cannot be listed: Permission denied" train ./closed --device native
    chmod 700 closed
fi

# ---- other sources: a table, and images that cannot be drawn ----

printf 'a;b;c\n1;0.5;2\n3;4;-1\n0;0;7\n' >good.csv
quick='--device native --epochs 1 --hidden 4 --latent 2 --likelihood gaussian --output linear --quiet'
# shellcheck disable=SC2086
expect 0 "" train ./good.csv $quick --out table
[ -s table/samples.png ] || fail "a table: no samples.png"
python3 -c "
header = b\"{'descr': '|u1', 'fortran_order': False, 'shape': (4, 2, 3, 2), }\\n\"
open('two.npy', 'wb').write(b'\\x93NUMPY\\1\\0' + len(header).to_bytes(2, 'little') + header + bytes(range(48)))"
# shellcheck disable=SC2086
expect 0 "no pictures: images of 2 channels" train ./two.npy $quick --out two
[ -s two/curves.svg ] || fail "images of 2 channels: no curves.svg"

# ---- likelihoods: each on data that it is one of ----

tiny="--device native --hidden 8 --latent 2 --epochs 1 --batch 32 --quiet --json"
python3 -c "print(*(','.join(str(i * j % 5) for j in range(12)) for i in range(40)), sep='\n')" >counts.csv
for words in laplace "laplace --sigma learned:0.2" continuous-bernoulli "logistic --sigma pixel:0.1"; do
    # shellcheck disable=SC2086
    json "abs(d['elbo'] + d['distortion'] + d['rate']) < 1e-3 and d['sigma2'] is None" \
        train shapes --limit 100 $tiny --likelihood $words --out likely --overwrite
done
json "abs(d['bits_per_dim'] + d['elbo'] / (1024 * math.log(2))) < 1e-9" evaluate likely --device native --json
expect 0 "" evaluate likely --device native
grep -q "^scale .*as training found it" out || fail "evaluate: no scale that was found"
grep -q "^per dimension .* bits" out || fail "evaluate: no bits per dimension"
expect 0 "" explain likely
tr -s ' \n' ' ' <out | grep -q "whose scale of p(x|z) is found in training" || fail "explain: a scale that is found"
for words in poisson "negative-binomial --sigma 0.5" "negative-binomial --sigma learned"; do
    # shellcheck disable=SC2086
    json "d['distortion'] > 0 and 'bits_per_dim' not in d" \
        train counts.csv $tiny --likelihood $words --out counted --overwrite
done
cp out counted.json
expect 0 "" sample counted --device native --draw --out drawn.png
expect 0 "" sample counted --device native --draw --out again.png
expect 0 "" sample counted --device native --out mean.png
cmp -s drawn.png again.png || fail "sample --draw: the same seed, another picture"
cmp -s drawn.png mean.png && fail "sample --draw: the mean"
python3 -c "
header = b\"{'descr': '<i8', 'fortran_order': False, 'shape': (40, 12), }\\n\"
numbers = b''.join((i * j % 5).to_bytes(8, 'little') for i in range(40) for j in range(12))
open('counts.npy', 'wb').write(b'\\x93NUMPY\\1\\0' + len(header).to_bytes(2, 'little') + header + numbers)"
python3 -c "print(*(','.join(str(i * j % 7 / 6) for j in range(12)) for i in range(40)), sep='\n')" >grey.csv
printf '1,2\n3,2.5\n' >halves.csv
# shellcheck disable=SC2086
{
    json "d['digest'] == '$(sed -n 's/.*"digest":.*"\(.*\)".*/\1/p' counted.json)'" \
        train counts.npy $tiny --likelihood negative-binomial --sigma learned --out counted-npy
    # A learned sigma's weight is beta times the sigma^2 that training found.
    json "d['sigma2'] > 0 and d['sigma2'] != 2" train shapes --limit 100 $tiny --sigma learned --beta 2 --out learned
    expect 2 "for a Gaussian likelihood only" train shapes $tiny --likelihood laplace --sigma optimal --out none
    expect 1 "store them as real numbers" train shapes $tiny --likelihood poisson --out none
    expect 1 "is one of bytes" train counts.csv $tiny --likelihood logistic --out none
    expect 1 "value 1 of datum 1 is 2.5" train ./halves.csv $tiny --likelihood poisson --out none
    expect 1 "needs 0..1" train counts.csv $tiny --likelihood continuous-bernoulli --out none
    expect 0 "--likelihood continuous-bernoulli is the likelihood it lacks" train ./grey.csv $tiny --out grey
}

# ---- a network for a range of weights: what is said is of the one that it is asked for ----

# shellcheck disable=SC2086
json "d['beta'] == 1" train shapes --limit 100 $tiny --betas 0.5..2 --out ranging
json "d['beta'] == 2 and d['beta_norm'] == 2 * d['latent'] / 1024" evaluate ranging --beta 2 --device native --json
expect 0 "" evaluate ranging --beta 2 --device native
grep -q "^asked for beta  *2 .*; trained for 0.5 to 2$" out || fail "evaluate: which of the weights?"
json "d['betas'] == {'low': 0.5, 'high': 2}" explain ranging --json
json "d['beta'] == 2 and 'betas' not in d" explain ranging --beta 2 --json
expect 0 "" explain ranging
grep -q "^ranging is one network for every beta from 0.5 to 2" out || fail "explain: a range of weights"
expect 1 "shapes has no validation images: a run that was trained with --holdout" evaluate ranging --split validation

# ---- explain: docs/weight.md's table, both ways ----

for row in 'sum/sum 1' 'mean/sum 784' 'mean/mean 784/20' 'sum/mean 1/20'; do
    reduction=${row% *} beta="0.37*${row#* }"
    for halves in 'half-sse 1' 'sse 2' 'bce None'; do
        loss=${halves% *} sigma2="None if ${halves#* } is None else $beta/(${halves#* } or 1)"
        json "list(d) == ['beta','beta_norm','sigma2'] and all(v is w or abs(v/w-1) < 1e-12 \
for v, w in zip(d.values(), [$beta, $beta*20/784, $sigma2]))" \
            explain --reduction "$reduction" --weight 0.37 --pixels 784 --latent 20 --loss "$loss" --json
    done
    json "list(d)[3] == 'weight' and abs(d['weight']/0.37-1) < 1e-12" explain --reduction "$reduction" \
        --beta "$(python3 -c "print($beta)")" --pixels 784 --latent 20 --json
done
json "abs(d['beta']-3.92) < 1e-12 and abs(d['sigma2']-1.96) < 1e-12" explain --preset normalised --json
json "abs(d['beta']-3.072) < 1e-12 and abs(d['sigma2']-1.536) < 1e-12" explain --preset pytorch-vae --json
json "abs(d['beta']-12.288) < 1e-9 and abs(d['sigma2']-12.288) < 1e-9" \
    explain --preset pytorch-vae --pixels 49152 --loss half-sse --json
json "abs(d['sigma2']-0.02) < 1e-12" explain --sigma 0.1 --weight 2 --pixels 784 --latent 20 --json
json "{x['name'] for x in d} > {'pytorch','pytorch-vae','keras','normalised'} and all(x['source'] for x in d)" \
    explain --preset list --json
expect 0 "" explain --preset list
expect 0 "" explain --loss sse --reduction mean/mean --weight 0.1 --pixels 784 --latent 20
tr '\n' ' ' <out >text
grep -q "same optimum as the plain ELBO with decoder variance sigma^2 1.96" text || fail "explain: no sentence"
grep -q "Higgins et al. 2017.*Rybkin et al. 2021" text || fail "explain: no sources"
expect 0 "" explain --weight 500 --pixels 3072 --latent 64 --scale 255
tr -s ' \n' ' ' <out | grep -qF "(images 0 to 255; for 0 to 1: 0.003845)" || fail "explain: which scale is sigma on?"
expect 1 "no-such-run" explain no-such-run
sed -n 's/^\$ build\/elbow \(explain .*\)/\1/p' "$source/README.md" >examples
[ -s examples ] || fail "README.md shows no elbow explain"
while read -r example; do
    # shellcheck disable=SC2086
    expect 0 "" $example
    while read -r line; do
        grep -qF -e "$line" "$source/README.md" || fail "README.md: elbow $example says by now: $line"
    done <out
done <examples
elbow explain --preset list --json >out
python3 - "$source/docs/weight.md" >text 2>err <<'EOF' || fail "docs/weight.md: not the numbers of explain --preset list"
import json, sys

rows = {row.split("`")[1]: row for row in open(sys.argv[1], encoding="utf-8") if row.startswith("| `")}
presets = json.load(open("out"))
assert list(rows) == [x["name"] for x in presets], list(rows)
for x in presets:
    wanted = [x["code"], x["reduction"], f"{x['weight']:g}", f"{x['pixels']:,}", f"{x['latent']}", f"{x['beta']:.4g}",
              f"{x['beta_norm']:.3g}", "–" if x["sigma2"] is None else f"{x['sigma2']:.4g}"]
    assert [cell.strip() for cell in rows[x["name"]].split("|")[2:-1]] == wanted, (rows[x["name"]], wanted)
EOF

# ---- advise ----

small="advise shapes --limit 400 --latent 4"
fields="['collapse_beta','optimal','rows'] and all(list(r) == ['beta','sigma2','active_units','rate','distortion'] \
for r in d['rows'])"
# shellcheck disable=SC2086
json "list(d) == $fields and d['optimal'] == {'beta': 1, 'sigma2': None} and d['rows'][-1]['rate'] == 0 \
and all(b['beta'] == 2 * a['beta'] for a, b in zip(d['rows'], d['rows'][1:])) and d['rows'][0]['beta'] == 0.25 \
and d['rows'][-2]['beta'] < d['collapse_beta'] <= d['rows'][-1]['beta'] and d['rows'][0]['rate'] > 5" $small --hidden 16 --json
# shellcheck disable=SC2086
json "list(d) == $fields and d['rows'][1]['beta'] == 3 and abs(d['rows'][1]['sigma2']-1.5) < 1e-12 \
and abs(d['optimal']['beta']-2*d['optimal']['sigma2']) < 1e-12" $small --model linear --loss sse --betas 3,0.5 --json
# shellcheck disable=SC2086
expect 0 "" $small --model linear --loss sse --reduction mean/mean --weight 0.1 --out advice.svg
grep -q "^your weight 0.1 under mean/mean is beta 25.6: 0 of 4" out || fail "advise: what of the weight given?"
tr -s ' \n' ' ' <out | grep -q "all is lost from beta 1[0-9].*with a learnt sigma.*begin with beta 0.*(--weight" ||
    fail "advise: no advice"
[ "$(tail -n 1 out)" = advice.svg ] || fail "advise: the last line is not the picture's name"
grep -q '</svg>' advice.svg || fail "advise: no picture"
[ "$(awk 'length > longest { longest = length } END { print longest }' out)" -le 100 ] || fail "advise: wider than 100"
expect 1 "no-such-data" advise no-such-data
# shellcheck disable=SC2086
expect 1 "nowhere" $small --model linear --out nowhere/advice.svg
sed -n 's/^  elbow \(advise shapes.*\)/\1/p' advise.help >examples
[ "$(grep -c . examples)" -ge 3 ] || fail "elbow advise --help: no examples with shapes"
while read -r example; do # made quick: the closed form alone, of 400 images
    case $example in *linear*) ;; *) example="$example --model linear" ;; esac
    # shellcheck disable=SC2086
    expect 0 "" $example --limit 400
done <examples
[ -s advise.svg ] || fail "the examples made no advise.svg"

# ---- diagnose: files that no numpy wrote ----

cat >save.py <<'EOF'
import math, struct, zipfile


def save(path, packed, **arrays):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as z:
        for name, (shape, values) in arrays.items():
            head = "{'descr': '<f4', 'fortran_order': False, 'shape': %r, }\n" % (shape,)
            with z.open(name + ".npy", "w", force_zip64=True) as f:
                f.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode())
                f.write(struct.pack("<%df" % len(values), *values))


n, d, m = 200, 16, 3
x = [float(i % 3 == 0) for i in range(n * d)]
x_hat = [0.9 if v else 0.1 for v in x]
mu = [(0.9 if i // m >> i % m & 1 else -0.9) if i % m < 2 else 0.0 for i in range(n * m)]
logvar = [math.log(0.19) if i % m < 2 else 0.0 for i in range(n * m)]
fine = dict(x=((n, 1, 4, 4), x), x_hat=((n, d), x_hat), mu=((n, m), mu), logvar=((n, m), logvar))
save("vae.npz", True, **fine)
save("no-mu.npz", False, **{k: v for k, v in fine.items() if k != "mu"})
save("short.npz", False, **{**fine, "x_hat": ((n, d - 1), x_hat[n:])})
save("nan.npz", False, **{**fine, "mu": ((n, m), [math.nan] * (n * m))})
EOF
python3 save.py 2>err || fail "save.py"
fields="['beta','beta_norm','sigma2','distortion','rate','active_units','advice']"
json "list(d) == $fields and d['sigma2'] is None and d['active_units'] == 2 and abs(d['rate']+math.log(0.19)) < 1e-5 \
and abs(d['distortion']+16*math.log(0.9)) < 1e-4 and len(d['advice']) == 1 and '1 of 3 latents' in d['advice'][0]" \
    diagnose vae.npz --loss bce --json
json "abs(d['beta']-1.6) < 1e-12 and abs(d['beta_norm']-0.3) < 1e-12 and abs(d['sigma2']-0.8) < 1e-12 \
and any('80 times too much' in a for a in d['advice'])" \
    diagnose vae.npz --loss sse --reduction mean/sum --weight 0.1 --json
json "d['rate'] is None and d['distortion'] is None and 'mu[0, 0]' in d['advice'][0]" diagnose nan.npz --loss bce --json
expect 0 "no --loss was given" diagnose vae.npz
grep -q "^active latents  *2   of 3" out || fail "diagnose: no table"
expect 1 "no-mu.npz: holds no array 'mu'; it has x, x_hat, logvar" diagnose no-mu.npz
expect 1 "they must hold the same pixels" diagnose short.npz --loss bce
expect 1 "no-such.npz" diagnose no-such.npz --loss bce
head -c 1000 nan.npz >cut.npz
expect 1 "cut short" diagnose cut.npz --loss bce
sed -n '/^Examples/,$ s/^  elbow //p' explain.help diagnose.help >examples
while read -r example; do
    # shellcheck disable=SC2086
    expect 0 "" $example
done <examples

# ---- the main job, small ----

small="train shapes --device native --limit 300 --hidden 16 --latent 2 --batch 50"
# shellcheck disable=SC2086
expect 0 "beta 1" $small --epochs 2 --out whole
tail -n 1 out | grep -Eq '^whole  sha256 [0-9a-f]{64}$' || fail "train: the last line names no run and digest"
digest=$(tail -n 1 out | sed 's/.* //')
grep -q '^epoch 2/2  train ELBO' err || fail "train: no line for the second epoch"
for file in run.json metrics.jsonl model.safetensors state.safetensors samples.png reconstructions.png curves.svg; do
    [ -s "whole/$file" ] || fail "train: no whole/$file"
done
expect 1 "--overwrite" train shapes --device native --limit 300 --out whole
expect 1 "needs 0..1" train counts.csv --overwrite --device native --out whole --quiet
[ -s whole/state.safetensors ] || fail "train --overwrite: what is refused takes the run that was there with it"
expect 2 "--latent 3: the run was started with 2" train --resume --out whole --device native --latent 3
expect 2 "was started with weight 1" train --resume --out whole --device native --beta 3
expect 2 "started with another share" train --resume --out whole --device native --holdout 0.5
# shellcheck disable=SC2086
expect 0 "" $small --epochs 2 --out whole --resume --lr-schedule constant --loss bce --beta 1
# shellcheck disable=SC2086
expect 0 "schedule  control:target=4,gain=0.01" $small --epochs 1 --out held --schedule control:target=4
grep -q '^forecast' err && fail "train: foresees what a controller will do"

fields="['n','elbo','distortion','rate','sse','mse','active_units','latent','beta','beta_norm','sigma2','digest']"
json "list(d) == $fields and d['digest'] == '$digest' and d['sigma2'] is None and d['latent'] == 2" \
    evaluate whole --device native --json
json "(d['iwae']['k'] == 20 and d['iwae']['nll'] < -d['elbo'] + 1e-9 and d['factors']['n'] == 5 and
    0 <= d['factors']['mig'] < 1 and 0 < d['factors']['beta_vae'] <= 1 and 0 < d['factors']['factor_vae'] <= 1)" \
    evaluate whole shapes --iwae 20 --mig --device native --json
expect 2 "1 to 5,000" evaluate whole --iwae 5001 --device native
expect 2 "iwae:K takes 1 to 5000 draws" train shapes --objective iwae:0
expect 2 "did you mean 'iwae'" train shapes --objective iwea
json "abs(d['elbo'] + d['distortion'] + d['rate']) < 1e-3" evaluate whole --split train --mean --device native --json
expect 0 "" evaluate whole --mean --device native
grep -q '^-(D + R) .* no bound' out || fail "evaluate --mean: calls what is no bound ELBO"
json "d == {'beta': 1, 'beta_norm': 2/1024, 'sigma2': None}" explain whole --json
json "d['beta'] == 3" explain whole --weight 3 --json
expect 0 "" explain whole
grep -q "^whole: bce, 1024 pixels, 2 latents" out || fail "explain RUN"
json "d['digest'] == '$digest' and d['run'] == 'again'" \
    train --config whole/run.json --out again --device native --json --quiet
grep -vq '^elbow: warning: ' err && fail "train --quiet is not"
# shellcheck disable=SC2086
json "d['sigma2'] == 0.5 * 3 and d['beta'] == 3" $small --epochs 1 --loss sse --beta 3 --json
[ -s runs/shapes-1/run.json ] || fail "train without --out: no runs/shapes-1"

# shellcheck disable=SC2086
expect 0 "starting it" $small --epochs 1 --out parts --resume
# A folder as an elbow wrote it that knew neither objectives nor gates nor checksums; its fingerprint was read from one.
cp -r parts older
sed -i '/"objective"/d; /"samples"/d; /"beta_low"/d; /"beta_high"/d; /"schedule_most"/d
    s/\("schedule_gain":\).*/\10,/; s/\("schedule_pull":\).*/\10,/' older/run.json
LC_ALL=C sed -i '1s/"bound":"0x0p+0",/                 /; 1s/,"crc32":"[0-9a-f]*"/                   /
    1s/"recipe":"[0-9a-f]*"/"recipe":"7d55789d4f12dd3f6f91c77c50d2710f4dd4ea33a71c9907c38e3360c0d2f419"/' older/state.safetensors
cp -r older other && sed -i 's/"free_bits":.*/"free_bits": 1,/' other/run.json
json "d['digest'] == '$digest' and d['run'] == 'older'" train --resume --epochs 2 --out older --device native --json --quiet
expect 1 "another recipe" train --resume --epochs 2 --out other --device native --quiet
json "d['digest'] == '$digest'" evaluate older --device native --json
sed -i '/"latent":/d' other/run.json
expect 1 '"latent" is missing' evaluate other --device native
expect 0 "" train --resume --epochs 2 --out parts --device native
[ "$(tail -n 1 out | sed 's/.* //')" = "$digest" ] || fail "resuming gives another digest"

# The page names every field of run.json and metrics.jsonl, and no other. The runs have between them all that there are.
# shellcheck disable=SC2086
expect 0 "" $small --epochs 1 --objective iwae:2 --holdout 0.2 --likelihood logistic --out fields
cat >fields.py <<'EOF'
import json, re, sys


def keys(value):
    for one in value if isinstance(value, list) else []:
        yield from keys(one)
    for key, inner in value.items() if isinstance(value, dict) else []:
        yield key
        yield from keys(inner)


run, page = sys.argv[1:]
text = open(page, encoding="utf-8").read()
for name, document in (("run.json", json.load(open(run + "/run.json", encoding="utf-8"))),
                       ("metrics.jsonl", [json.loads(line) for line in open(run + "/metrics.jsonl", encoding="utf-8")])):
    section = re.search(rf"## Fields of `{name}`\n(.*?)\n## ", text, re.DOTALL)[1]
    told = set()
    for row in re.findall(r"^\| (`.*)$", section, re.MULTILINE):
        first, meaning = row.split(" | ", 1)
        # A row on an object names that object's own fields on its right.
        told |= set(re.findall("`([^`]*)`", first + (meaning if first.startswith(("`devices", "`test`,")) else "")))
    there = set(keys(document))
    assert told == there, f"{page}, {name}: not named {sorted(there - told)}, not there {sorted(told - there)}"
EOF
python3 fields.py fields "$source/docs/run-folder.md" 2>err || fail "docs/run-folder.md is not what a run has"

# Ctrl-C, a closed terminal: the state is saved, one line says how to go on; a signal that was ignored stays so. Where
# standard error is closed no file takes its place.
# shellcheck disable=SC2086
python3 - $small >out 2>err <<'EOF' || fail "signals"
import os, signal, subprocess, sys


def start(epochs, out, **how):
    command = ["elbow"] + sys.argv[1:] + ["--epochs", str(epochs), "--out", out]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **how)


def lines_of(p, number):
    lines = []
    for line in p.stderr:
        lines.append(line)
        if line.startswith("epoch") and len([l for l in lines if l.startswith("epoch")]) == 1: p.send_signal(number)
    return lines


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    run = "stopped-%d" % number
    p = start(100000, run, stderr=subprocess.PIPE)
    last = lines_of(p, number)[-1]
    assert p.wait(60) == 1, p.returncode
    assert p.stdout.read() == ""
    assert "elbow train --resume --out " + run in last, last
    assert os.path.getsize(run + "/state.safetensors") > 0
p = start(3, "ignored", stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
lines_of(p, signal.SIGHUP)
assert p.wait(60) == 0, p.returncode
p = start(100000, "silent", preexec_fn=lambda: os.close(2))
while not os.path.exists("silent/state.safetensors"): assert p.poll() is None
if os.path.exists("/proc/self/fd"): assert os.readlink("/proc/%d/fd/2" % p.pid) == "/dev/null"
p.terminate()
assert p.wait(60) == 1, p.returncode
EOF

# Damage: a bit of the state or of the model; another training in the same folder.
cat >flip.py <<'EOF'
import sys

path, at = sys.argv[1], int(sys.argv[2])
data = bytearray(open(path, "rb").read())
data[at] ^= 1
open(path, "wb").write(data)
EOF
for at in -1 -9000; do
    rm -rf flipped && cp -r whole flipped && python3 flip.py flipped/state.safetensors "$at"
    expect 1 "it is damaged" train --resume --out flipped --epochs 3 --device native --quiet
done
rm -rf flipped && cp -r whole flipped
sed -i 's/"epoch":"2"/"epoch":"1"/' flipped/state.safetensors
expect 1 "it is damaged" train --resume --out flipped --epochs 3 --device native --quiet
for size in 0 50 4000; do
    head -c "$size" whole/state.safetensors >flipped/state.safetensors
    expect 1 "or start anew with --overwrite" train --resume --out flipped --epochs 3 --device native --quiet
done
head -c 4000 whole/model.safetensors >flipped/model.safetensors
expect 1 "write it anew with 'elbow train --resume --out flipped'" evaluate flipped --device native
cp whole/state.safetensors flipped && elbow train --resume --out flipped --device native --quiet >out 2>err
cmp -s whole/model.safetensors flipped/model.safetensors || fail "train --resume: leaves a damaged model as it is"
rm flipped/state.safetensors flipped/model.safetensors
expect 1 "No such file or directory: copy it again, or train anew" evaluate flipped --device native
head -c 100 whole/run.json >flipped/run.json
expect 1 "it is damaged: copy it again" evaluate flipped --device native
if [ -e /dev/full ]; then # a full disk: what is left, and how to go on
    rm -rf full && mkdir full && ln -s /dev/full full/model.safetensors
    # shellcheck disable=SC2086
    expect 1 "model.safetensors: No space left on device (free some space): nothing was saved yet; go on with: elbow \
train --resume --out full" $small --epochs 2 --quiet --out full
    rm full/model.safetensors
    expect 0 "" train --resume --out full --device native --quiet
    cmp -s whole/model.safetensors full/model.safetensors || fail "train --resume after a full disk: another model"
    ln -sf /dev/full full/curves.svg
    expect 1 "curves.svg: No space left on device (free some space); go on with: elbow train --resume --out full" \
        train --resume --out full --device native --quiet
    rm -rf full && mkdir -p full/beta-0.5 && ln -s /dev/full full/beta-0.5/model.safetensors
    expect 1 "(free some space): nothing was saved yet; go on with: elbow sweep shapes --betas 0.5,1 " sweep shapes \
        --betas 0.5,1 --limit 100 --hidden 4 --latent 2 --epochs 1 --device native --quiet --out full
    # A disk that is full after some epochs: the state before is what is left.
    # shellcheck disable=SC2086
    python3 - $small --epochs 100000 --quiet --out filled >out 2>err <<'EOF' || fail "a disk that fills while training"
import json, os, re, subprocess, sys

p = subprocess.Popen(["elbow"] + sys.argv[1:], stderr=subprocess.PIPE, text=True)
while not os.path.exists("filled/state.safetensors"): assert p.poll() is None
while p.poll() is None:  # again, should a save that was under way have taken the link's place
    os.symlink("/dev/full", "link")
    os.replace("link", "filled/model.safetensors")
said = p.stderr.read()
kept = re.search(r"filled holds the state after step (\d+); go on with: elbow train --resume --out filled\n$", said)
assert p.returncode == 1 and kept, said
steps = [json.loads(line)["step"] for line in open("filled/metrics.jsonl")]
assert int(kept[1]) == steps[-2], (kept[1], steps[-2:])  # an epoch's line is written before its state
EOF
fi
rm -rf flipped && cp -r whole flipped
python3 flip.py flipped/model.safetensors -100
expect 0 "its note sha256 differs" evaluate flipped --device native
expect 0 "" evaluate whole --device native
grep -q sha256 err && fail "evaluate: a model as it was written is said to differ"
# shellcheck disable=SC2086
python3 - $small --epochs 1 --out taken >out 2>err <<'EOF' || fail "two trainings in one folder"
import fcntl, os, subprocess, sys

os.mkdir("taken")
fcntl.flock(os.open("taken", os.O_RDONLY), fcntl.LOCK_EX)
p = subprocess.run(["elbow"] + sys.argv[1:], capture_output=True, text=True)
assert p.returncode == 1 and "elbow: taken is locked by another process" in p.stderr, p
assert os.listdir("taken") == [], os.listdir("taken")
EOF

# On a terminal one line is redrawn, never wider than it; NO_COLOR is respected.
# shellcheck disable=SC2086
python3 - $small --epochs 5 >out 2>err <<'EOF' || fail "progress on a terminal"
import fcntl, os, pty, re, struct, sys, termios


def run(columns, environment):
    pid, terminal = pty.fork()
    if pid == 0:
        os.read(0, 1)  # until the terminal has its size
        os.execvpe("elbow", ["elbow"] + sys.argv[1:], {**os.environ, "TERM": "xterm", **environment})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.write(terminal, b"\n")
    output = b""
    try:
        while chunk := os.read(terminal, 4096): output += chunk
    except OSError:
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, output
    return output.decode()


for columns in (100, 60, 30):
    output = run(columns, {"NO_COLOR": "1"})
    drawn = [line for line in re.split(r"[\r\n]+\x1b\[K|[\r\n]+", output) if re.match(r"epoch +\d", line)]
    assert drawn and max(map(len, drawn)) < columns, (columns, drawn)
    assert "\x1b[3" not in output and "\x1b[1m" not in output, output
assert "epoch 5/5" in output
coloured = run(100, {"NO_COLOR": ""})
assert "\x1b[32m[====" in coloured and coloured.count("\n") < 30, coloured
EOF

# ---- sweep: its runs are train's; the last line names the folder; Ctrl-C says how to go on, and that does ----

weights="sweep shapes --device native --limit 300 --hidden 16 --latent 2 --batch 50"
# shellcheck disable=SC2086
expect 0 "run 2/2" $weights --epochs 2 --betas 1,0.5 --out swept
tail -n 1 out | grep -q '^swept  ' || fail "sweep: the last line names no folder"
grep -q '^run 1/2  beta 0.5 .* active' err || fail "sweep: no line for a run that has ended"
python3 - "$digest" 2>err <<'EOF' || fail "sweep: sweep.json or report.html"
import json, sys, xml.etree.ElementTree
d = json.load(open("swept/sweep.json"))
assert [r["beta"] for r in d["rows"]] == [0.5, 1] and d["recipe"]["weight"] == 1
assert d["rows"][1]["digest"] == sys.argv[1], "not the digest of elbow train"
assert list(d["rows"][0]["predicted"]) == ["rate", "distortion", "active_units", "collapse_beta"]
assert all(abs(r["elbo"] + r["distortion"] + r["rate"]) < 1e-9 and r["sigma2"] is None for r in d["rows"])
page = xml.etree.ElementTree.parse("swept/report.html").getroot()
words = "".join(page.itertext())
assert page.tag == "html" and "elbow sweep shapes --betas 1,0.5 --out swept" in words, words
assert not [e for e in page.iter() if e.tag in ("script", "link") or not e.get("src", "data:").startswith("data:")]
EOF
# shellcheck disable=SC2086
json "[r['beta'] for r in d['rows']] == [0.1, 0.316, 1, 10, 30]" \
    $weights --epochs 1 --betas 0.1..1:3,10..30:2 --out ranged --json --quiet
json "d['digest'] == '$digest'" evaluate swept/beta-1 --device native --json
json "d['digest'] == '$digest'" train --config swept/sweep.json --out swept-1 --device native --json --quiet
# shellcheck disable=SC2086
expect 2 '"latent" 2, not 3' $weights --epochs 2 --latent 3 --betas 1,0.5 --out swept --quiet
# shellcheck disable=SC2086
expect 0 "(kept)" $weights --epochs 2 --betas 1,0.5 --out swept
# shellcheck disable=SC2086
python3 - $weights --betas 0.5,1 --epochs 200 --out "it's swept" --overwrite >out 2>err <<'EOF' || fail "sweep: Ctrl-C"
import os, shlex, signal, subprocess, sys, time
p = subprocess.Popen(["elbow"] + sys.argv[1:], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
while not os.path.exists("it's swept/beta-0.5/state.safetensors"): time.sleep(0.01)
p.send_signal(signal.SIGINT)
lines = p.stderr.read().splitlines()
assert p.wait(60) == 1 and p.stdout.read() == "", lines
assert "stopped in run 1 of 2 (beta 0.5)" in lines[-1] and "go on with: " in lines[-1], lines[-1]
again = shlex.split(lines[-1].split("go on with: ", 1)[1])
assert "--overwrite" not in again and "it's swept" in again, again
subprocess.run(again, check=True, capture_output=True)
assert os.path.exists("it's swept/report.html")
EOF

# ---- the examples of the help run as printed ----

{
    sed -n 's/^  elbow \(train shapes.*\)/\1/p' train.help
    sed -n '/^Examples/,$ s/^  elbow //p' evaluate.help sample.help reconstruct.help traverse.help encode.help
    sed -n 's/^  elbow \(train --resume.*\)/\1/p' train.help
    sed -n 's/^  elbow \(sweep shapes.*\)/\1/p' sweep.help
} >examples
[ "$(grep -c . examples)" -ge 14 ] || fail "too few examples to run"
while read -r example; do
    # shellcheck disable=SC2086
    expect 0 "" $example --device native
done <examples
for file in samples.png pairs.png latents.png codes-mu.npy codes-logvar.npy runs/shapes/mu.npy; do
    [ -s "$file" ] || fail "the examples made no $file"
done

# ---- devices and selftest ----

json "any(x['id'] == 'native' and x['usable'] is True and x['backend'] == 'native' for x in d)" devices --json
json "set(d[0]) == {'id','name','backend','platform','version','driver','usable','reason','compute_units','memory_bytes'}" \
    devices --json
json "len(d) > 20 and all(list(x) == ['device','kernel','options','result','max_ulp'] for x in d)" \
    selftest --device native --json
python3 -c "import json; assert {x['result'] for x in json.load(open('out'))} == {'same'}" 2>err || fail "selftest: native"
expect 0 "" devices
[ "$(awk 'length > longest { longest = length } END { print longest }' out)" -le 100 ] || fail "devices: wider than 100"

# ---- compare ----

small="compare --devices native --steps 10 --hidden 16 --latent 2 --batch 32"
keys="['id','name','images_per_s','step_ms','breakdown','digest','same_bits']"
# shellcheck disable=SC2086
json "list(d) == ['work','devices'] and len(d['devices']) == 1 and list(d['devices'][0]) == $keys \
and list(d['devices'][0]['step_ms']) == ['median','p10','p90'] and d['devices'][0]['same_bits'] is True \
and re.fullmatch('[0-9a-f]{64}', d['devices'][0]['digest']) and d['work']['steps'] == 10" $small --json
# shellcheck disable=SC2086
expect 0 "" $small --save before.json --out compared
grep -q '^native  *[0-9,]* .* same$' out || fail "compare: no line for native"
grep -q '^  *(not in a kernel)' out || fail "compare: no rest"
[ -s compared/report.html ] || fail "compare --out: no page"
cmp before.json compared/compare.json || fail "compare: --save and --out differ"
# shellcheck disable=SC2086
expect 0 "" $small --against before.json --margin 1000
grep -q '^against before.json' out || fail "compare --against says nothing"
# shellcheck disable=SC2086
elbow $small --latent 3 --against before.json >out 2>err && fail "compare --against: other work is no failure"
grep -q "its latent is 2, not 3" err || fail "compare --against: other work is not named"
grep -q 'elbow compare --devices native --steps 10 .*--save before.json' compared/report.html || fail "compare: no command"
# By train's options: the recipe is named, kept in the file, and another one's file is refused.
# shellcheck disable=SC2086
expect 0 "" $small --likelihood laplace --sigma learned:0.5 --beta 4 --reduction mean/sum --save laplace.json
grep -q '^work  *784-16-2, laplace sigma learned from 0.5, mean/sum, batch 32,' out || fail "compare: the work is not named"
python3 -c "import json; r = json.load(open('laplace.json'))['work']['recipe']; assert (r['likelihood'], r['spread'], \
r['sigma2'], r['pixels'], r['weight']) == ('laplace', 'learned', 0.25, 'mean', 4 / 784), r" 2>err || fail "compare: another recipe"
# shellcheck disable=SC2086
elbow $small --against laplace.json >out 2>err && fail "compare --against: another likelihood is no failure"
grep -q 'its likelihood is "laplace", not "bernoulli"' err || fail "compare --against: the likelihood is not named"
# shellcheck disable=SC2086
expect 1 "no-such.json" $small --json --quiet --against no-such.json
# An earlier run a thousand times as quick, and one of other bits: a change, status 1, and the result is printed all the same.
for change in 'd["step_ms"] = {k: v / 1000 for k, v in d["step_ms"].items()}|slower' 'd["digest"] = "0" * 64|other bits'; do
    python3 -c "import json; w = json.load(open('before.json')); d = w['devices'][0]; ${change%|*}; json.dump(w, open('was.json', 'w'))"
    # shellcheck disable=SC2086
    elbow $small --against was.json --margin 1000 >out 2>err
    [ $? -eq 1 ] || fail "compare --against: '${change#*|}' is no failure"
    grep -q "^native: ${change#*|}" out || fail "compare --against: no word of '${change#*|}'"
done
# A run's recipe and images, but for what is typed.
json "(w := d['work'], r := json.load(open('whole/run.json'))) and w['recipe'] == r['recipe'] | {'latent': 3} \
and w['data']['sha256'] == r['data']['sha256'] and w['train'] == r['train'] | {'maths': 'exact'}" \
    compare --config whole --latent 3 --devices native --steps 1 --json --quiet
expect 1 "no device \"no-such:0\"" compare --devices no-such:0 --quiet

# ---- tune ----

small="tune --device native --seconds 1 --hidden 16 --latent 2 --batch 32"
# shellcheck disable=SC2086
json "list(d) == ['device','driver','standard','best','tried','wrong','failed','kept','fast','seconds'] \
and d['device'] == 'native' and d['wrong'] == 0 and d['failed'] == 0 and d['fast'] is None and 0 < d['best']['step_ms'] <= d['standard']['step_ms']" \
    $small --json --quiet
# shellcheck disable=SC2086
expect 0 "building" $small
grep -q '^kept  *' out || fail "tune: does not say whether it keeps anything"
# shellcheck disable=SC2086
expect 0 "elbow's own: " $small --maths fast
grep -q '^fast  *' out || fail "tune --maths fast: no word of libraries"
expect 2 "--seconds 0: out of range: 1 to" tune --seconds 0
expect 1 "no device \"no-such:0\"" tune --device no-such:0 --quiet
sed -n 's/^  elbow \(compare .*--devices native.*\)/\1/p' compare.help >examples
[ "$(grep -c . examples)" -ge 3 ] || fail "too few examples of compare"
while read -r example; do
    # shellcheck disable=SC2086
    expect 0 "" $example
done <examples

[ "$failures" -eq 0 ] || exit 1
