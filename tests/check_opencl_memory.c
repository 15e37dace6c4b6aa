/* check_opencl_memory.c - buffers of every OpenCL device there is. */
#include "opencl_devices.h"

START_TEST(memory_goes_round)
{
    enum { SIZE = 1003 };
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        elb_buffer *one = new_buffer(dev, SIZE), *two = new_buffer(dev, SIZE);
        unsigned char sent[SIZE], got[SIZE], later[SIZE], zeros[SIZE] = {0};
        for (size_t i = 0; i < SIZE; i++) sent[i] = (unsigned char)(i * 31 + 7);
        OK(dev->ops->read(dev, got, one, 0, SIZE)); /* a new buffer is zero */
        ck_assert_mem_eq(got, zeros, SIZE);
        OK(dev->ops->write(dev, one, 0, sent, SIZE));
        OK(dev->ops->write_later(dev, two, 5, sent + 3, 500));
        OK(dev->ops->copy(dev, two, 601, one, 7, 401));
        OK(dev->ops->zero(dev, one, 13, 101));
        OK(dev->ops->read_later(dev, later, two, 0, SIZE));
        OK(dev->ops->read(dev, got, one, 1, SIZE - 1));
        OK(dev->ops->finish(dev));
        ck_assert_mem_eq(later + 5, sent + 3, 500);
        ck_assert_mem_eq(later + 601, sent + 7, 401);
        ck_assert_mem_eq(later + 505, zeros, 96);
        ck_assert_mem_eq(got, sent + 1, 12);
        ck_assert_mem_eq(got + 12, zeros, 101);
        ck_assert_mem_eq(got + 113, sent + 114, SIZE - 114);
        dev->ops->buffer_free(one);
        dev->ops->buffer_free(two);
        elb_device_close(dev);
    }
}
END_TEST

START_TEST(mapping)
{
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        elb_buffer *buffer = new_buffer(dev, 4000);
        void *pointer;
        OK(dev->ops->map(dev, &pointer, buffer));
        for (size_t i = 0; i < 4000; i++) ((unsigned char *)pointer)[i] = (unsigned char)i;
        OK(dev->ops->unmap(dev, buffer, pointer));
        unsigned char got[3];
        OK(dev->ops->read(dev, got, buffer, 3333, 3));
        for (size_t i = 0; i < 3; i++) ck_assert_uint_eq(got[i], (3333 + i) % 256);
        dev->ops->buffer_free(buffer);
        elb_device_close(dev);
    }
}
END_TEST

/* What was given to write may be changed at once, also when the stage for small writes is full several times. */
START_TEST(written_memory_may_be_reused)
{
    enum { PIECE = 100000, PIECES = 30 };
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        elb_buffer *buffer = new_buffer(dev, (size_t)PIECE * PIECES);
        unsigned char *piece = malloc(PIECE);
        for (size_t i = 0; i < PIECES; i++) {
            memset(piece, (int)i + 1, PIECE);
            OK(dev->ops->write(dev, buffer, i * PIECE, piece, PIECE));
        }
        for (size_t i = 0; i < PIECES; i++) {
            OK(dev->ops->read(dev, piece, buffer, i * PIECE, PIECE));
            for (size_t j = 0; j < PIECE; j++) ck_assert_uint_eq(piece[j], i + 1);
        }
        free(piece);
        dev->ops->buffer_free(buffer);
        elb_device_close(dev);
    }
}
END_TEST

START_TEST(too_much_memory)
{
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        elb_buffer *buffer;
        ck_assert_int_eq(elb_buffer_new(&buffer, dev, (size_t)1 << 50), ELBOW_MEMORY);
        ck_assert_ptr_null(buffer);
        ck_assert_msg(strstr(err.text, "1024.0 TiB") && strstr(err.text, dev->info.id) && strstr(err.text, "CL_"), "%s",
                      err.text);
        ck_assert_int_eq(elb_buffer_new(&buffer, dev, SIZE_MAX), ELBOW_MEMORY);
        ck_assert_uint_eq(dev->bytes_in_use, 0);
        elb_device_close(dev);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {memory_goes_round, mapping, written_memory_may_be_reused, too_much_memory};
    return run_suite("opencl_memory", tests, COUNT(tests));
}
