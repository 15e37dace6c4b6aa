/* csv.h - tables of numbers as text: one row a line, cells between commas, semicolons or tabs. */
#ifndef ELB_IO_CSV_H
#define ELB_IO_CSV_H

#include "io/data.h"

/* Reads the rows of a table, with a limit that is not 0 only the first so many. A first line without any number is a
 * header. What separates the cells is the tab, else the semicolon, else the comma, by the first line. Cells may stand
 * in double quotes. Freed with free(block->values), also after a failure. Errors: BAD_DATA (the line and the column of
 * what is no finite number, a row of another length, no row), MEMORY. */
elbow_status elb_csv_parse(elb_block *block, elb_error *err, const char *text, size_t size, uint32_t limit);

#endif
