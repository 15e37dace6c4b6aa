/* random.h - Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011) and what is drawn from it.
 *
 * A number is found by what it is for, never by what was drawn before it: key = the 64-bit seed, counter = (purpose,
 * epoch or draw, sample index in the data set, block of four elements). Hence noise does not depend on the batch, the
 * device or the number of shards.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include "choices.h"
#include "language.h"
#include "math.h"

/* The four words of WIDTH blocks: word[w] holds word w of each lane's block. */
typedef struct words {
    vuint word[4];
} words;

FUNCTION words philox_words(ulong key, uint purpose, uint draw, uint sample, vuint block)
{
    vuint a = splat_uint(purpose), b = splat_uint(draw), c = splat_uint(sample), d = block;
    uint key_a = (uint)key, key_b = (uint)(key >> 32);
    for (int round = 0; round < 10; round++) {
        const vuint high_a = multiply_high(a, splat_uint(0xD2511F53u)),
                    low_a = multiply_low(a, splat_uint(0xD2511F53u));
        const vuint high_c = multiply_high(c, splat_uint(0xCD9E8D57u)),
                    low_c = multiply_low(c, splat_uint(0xCD9E8D57u));
        a = high_c ^ b ^ splat_uint(key_a);
        b = low_c;
        c = high_a ^ d ^ splat_uint(key_b);
        d = low_a;
        key_a += 0x9E3779B9u;
        key_b += 0xBB67AE85u;
    }
    words out;
    out.word[0] = a;
    out.word[1] = b;
    out.word[2] = c;
    out.word[3] = d;
    return out;
}

/* Uniforms in (0, 1) from words: ((word >> 9) + 1/2) 2^-23, exact. */
FUNCTION vreal unit_reals(vuint word)
{
    return vfma(to_real(to_ints(word >> 9)), splat(0x1p-23f), splat(0x1p-24f));
}

/* Uniforms in (0, 1) of elements at, at + 1, … at + WIDTH - 1 of a sample: element e is word e % 4 of block e / 4. */
FUNCTION vreal uniforms(ulong key, uint purpose, uint draw, uint sample, uint at)
{
    const vuint element = splat_uint(at) + to_uints(iota());
    const words w = philox_words(key, purpose, draw, sample, element >> 2);
    const vint odd = MASK((element & splat_uint(1)) != splat_uint(0));
    const vint late = MASK((element & splat_uint(2)) != splat_uint(0));
    return unit_reals(
        choose_uint(late, choose_uint(odd, w.word[3], w.word[2]), choose_uint(odd, w.word[1], w.word[0])));
}

/* Standard normals of elements at … at + WIDTH - 1, found likewise. By Box and Muller: of a block's uniforms u0 … u3,
 * elements 0 and 1 are sqrt(-2 log u0) times cos and sin of 2 pi u1; elements 2 and 3 come from u2 and u3. */
FUNCTION vreal normals(ulong key, uint purpose, uint draw, uint sample, uint at)
{
    const vuint element = splat_uint(at) + to_uints(iota());
    const words w = philox_words(key, purpose, draw, sample, element >> 2);
    const vint odd = MASK((element & splat_uint(1)) != splat_uint(0));
    const vint late = MASK((element & splat_uint(2)) != splat_uint(0));
    const vreal u = unit_reals(choose_uint(late, w.word[2], w.word[0]));
    const vreal turn = unit_reals(choose_uint(late, w.word[3], w.word[1]));
    vreal sine, cosine;
    vsincospi(&sine, &cosine, turn + turn);
    return vsqrt(splat(-2) * vlog(u)) * choose(odd, sine, cosine);
}

#endif
