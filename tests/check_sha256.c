/* check_sha256.c - SHA-256 against the vectors of FIPS 180-4's examples and NIST's byte-oriented short messages. */
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "suite.h"

static void expect(const char *hex, const void *bytes, size_t size)
{
    unsigned char digest[ELB_SHA256_BYTES];
    char got[2 * ELB_SHA256_BYTES + 1];
    elb_sha256_of(digest, bytes, size);
    elb_sha256_hex(got, digest);
    ck_assert_str_eq(got, hex);
}

START_TEST(published_vectors)
{
    expect("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", 0);
    expect("28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1", "\xd3", 1);
    expect("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc", 3);
    expect("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
           "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
    expect(
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrs"
        "tu",
        112);
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    expect("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", million, 1000000);
    free(million);
}
END_TEST

/* However a text is cut, and whatever its length, the digest is that of the whole. */
START_TEST(pieces)
{
    unsigned char text[200], whole[ELB_SHA256_BYTES], cut[ELB_SHA256_BYTES];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)(7 * i + 3);
    for (size_t size = 0; size <= sizeof text; size++) {
        elb_sha256_of(whole, text, size);
        for (size_t first = 0; first <= size; first += 1 + first / 3) {
            elb_sha256 sha;
            elb_sha256_start(&sha);
            elb_sha256_add(&sha, text, first);
            elb_sha256_add(&sha, text + first, size - first);
            elb_sha256_end(cut, &sha);
            ck_assert_mem_eq(whole, cut, sizeof whole);
        }
    }
    /* Around the padding's boundaries, from another implementation. */
    expect("e7313d333c272e639f790978283f9eb392e843d0f29b7016828bb1daa4aac70b", text, 55);
    expect("4324d65f3c103567f5589c710bc08f8523f929a9272e3af36fc968e52abc6c27", text, 56);
    expect("81c80242132f230c3bd41b3e63bbcff16107339549214a99614ff26664625055", text, 63);
    expect("39e3d7b6b5d075d37d053ad89b24b41bef4f3c29760c84447cab3f3be1882241", text, 64);
    expect("aacca6ff74fdbb296d165a45cecfa04e5127bc008770fbbdd48006f2d2fae95e", text, 65);
    expect("9ce7368e4daf32341631b492e80359dc9f594b48453cd0dd5bf0b19279cc177e", text, 119);
    expect("7836b787757e95e58b3ca5aec90b1b004e8deba1e50e9675af9cabf1a13a04b5", text, 120);
    expect("2c7e18c942ef065b526a2d4e5546283749cd3ddfb51d8fc71f42717363685f46", text, 200);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_test(all, published_vectors);
    tcase_add_test(all, pieces);
    return run_case("sha256", all);
}
