/* random.c - Philox on the host: cl/random.h at a vector width of one. */
#include "base/random.h"

#define WIDTH 1
#include "../cl/random.h"

void elb_philox(uint32_t out[4], uint64_t key, const uint32_t counter[4])
{
    const words w = philox_words(key, counter[0], counter[1], counter[2], counter[3]);
    for (int i = 0; i < 4; i++) out[i] = w.word[i];
}

float elb_uniform(uint32_t word)
{
    return unit_reals(word);
}

/* The words of one purpose, epoch and index, one after the other. */
typedef struct stream {
    uint64_t key;
    uint32_t counter[4], words[4], used;
} stream;

static uint32_t next_word(stream *s)
{
    if (s->used == 4) {
        elb_philox(s->words, s->key, s->counter);
        s->counter[3]++;
        if (s->counter[3] == 0) s->counter[2]++;
        s->used = 0;
    }
    return s->words[s->used++];
}

/* A number below limit, each as likely: the high word of a product, drawn again in the low words that are one too many
 * (Lemire 2019). */
static uint32_t below(stream *s, uint32_t limit)
{
    const uint32_t surplus = (uint32_t)(-limit) % limit;
    uint64_t product;
    do product = (uint64_t)next_word(s) * limit;
    while ((uint32_t)product < surplus);
    return (uint32_t)(product >> 32);
}

void elb_shuffle(uint32_t *indices, uint32_t n, uint64_t seed, uint32_t epoch)
{
    stream s = {.key = seed, .counter = {SHUFFLE, epoch, 0, 0}, .used = 4};
    for (uint32_t last = n; last > 1; last--) {
        const uint32_t chosen = below(&s, last), moved = indices[chosen];
        indices[chosen] = indices[last - 1];
        indices[last - 1] = moved;
    }
}

void elb_initial_weights(float *weights, uint32_t count, float bound, uint64_t seed, uint32_t tensor)
{
    for (uint32_t e = 0; e < count; e += 4) {
        const words w = philox_words(seed, INITIAL_WEIGHTS, 0, tensor, e / 4);
        for (uint32_t i = 0; i < 4 && e + i < count; i++)
            weights[e + i] = canonical(bound * (2 * unit_reals(w.word[i]) - 1));
    }
}
