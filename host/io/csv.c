#include "io/csv.h"

#include "base/file.h"
#include "io/values.h"

#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_CELL = 127 };

typedef struct table {
    const char *at, *end; /* what is left of the text */
    const char *line_end; /* of the line that is read */
    uint64_t line;        /* its number, from 1 */
    char separator;
    locale_t locale; /* a program may have set another in which 0.5 is 0,5 */
    uint32_t columns;
    uint32_t room; /* more rows than the text can hold */
} table;

typedef struct cell {
    char text[LONGEST_CELL + 1];
    bool cut; /* it was longer */
    bool last;
} cell;

/* Moves to the next line that is not blank; false at the end. A line that was read leaves at on its end. */
static bool next_line(table *t)
{
    while (t->at < t->end) {
        const char *newline = memchr(t->at, '\n', (size_t)(t->end - t->at));
        t->line_end = newline ? newline : t->end;
        t->line++;
        const char *from = t->at;
        while (from < t->line_end && (*from == ' ' || *from == '\r')) from++;
        if (from < t->line_end) return true;
        t->at = newline ? newline + 1 : t->end;
    }
    return false;
}

static void end_line(table *t)
{
    t->at = t->line_end < t->end ? t->line_end + 1 : t->end;
}

/* Takes the cell at `at`, without its quotes and the blanks around it. */
static cell take_cell(table *t)
{
    cell c = {.last = true};
    size_t length = 0;
    bool quoted = false;
    const char *at = t->at;
    for (; at < t->line_end; at++) {
        if (*at == '"') {
            quoted = !quoted;
            continue;
        }
        if (*at == t->separator && !quoted) break;
        if (!length && (*at == ' ' || *at == '\t')) continue;
        if (length < LONGEST_CELL)
            c.text[length++] = *at ? *at : '?'; /* a zero byte would end the text early */
        else
            c.cut = true;
    }
    while (length && (c.text[length - 1] == ' ' || c.text[length - 1] == '\r')) length--;
    c.text[length] = 0;
    c.last = at == t->line_end;
    t->at = c.last ? at : at + 1;
    return c;
}

static bool is_number(double *value, const table *t, const cell *c)
{
    char *end;
    *value = strtod_l(c->text, &end, t->locale);
    return !c->cut && end != c->text && !*end;
}

/* A cell for a message: printable, and not endless. */
static const char *shown(cell *c)
{
    for (char *at = c->text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f) *at = '?';
    if (strlen(c->text) > 24) elb_format(c->text + 24, 4, "...");
    return c->text;
}

static elbow_status refuse(elb_error *err, const table *t, uint32_t column, cell *c, double value, bool number)
{
    if (number)
        return elb_fail(err, ELBOW_BAD_DATA, "line %" PRIu64 ", column %u is %s: remove or replace it", t->line,
                        column + 1, elb_unfit(value));
    if (!*c->text)
        return elb_fail(err, ELBOW_BAD_DATA, "line %" PRIu64 ", column %u is empty: every row needs all its numbers",
                        t->line, column + 1);
    const char *hint = strchr(c->text, ',')   ? ": write 0.5, not 0,5"
                       : strchr(c->text, ' ') ? ": put commas between numbers"
                                              : "";
    return elb_fail(err, ELBOW_BAD_DATA, "line %" PRIu64 ", column %u: '%s' is no number%s", t->line, column + 1,
                    shown(c), hint);
}

static elbow_status read_row(float *row, elb_error *err, table *t)
{
    cell c = {.last = false};
    uint32_t column = 0;
    for (; !c.last && column < t->columns; column++) {
        c = take_cell(t);
        double value;
        const bool number = is_number(&value, t, &c);
        if (!number || elb_unfit(value)) return refuse(err, t, column, &c, value, number);
        row[column] = elb_canonical((float)value);
    }
    if (c.last && column == t->columns) return ELBOW_OK;
    while (!c.last) c = take_cell(t), column++;
    return elb_fail(err, ELBOW_BAD_DATA, "line %" PRIu64 " has %u cell%s, but the first row %u", t->line, column,
                    column == 1 ? "" : "s", t->columns);
}

/* Looks at a line without taking it: how many cells, how many of them numbers, and its first cell. */
static cell survey(const table *from, size_t *cells, size_t *numbers)
{
    table t = *from;
    cell c = take_cell(&t);
    const cell first = c;
    double value;
    *cells = 1, *numbers = is_number(&value, &t, &c);
    while (!c.last) {
        c = take_cell(&t);
        ++*cells, *numbers += is_number(&value, &t, &c);
    }
    return first;
}

static char separator_of(const table *t)
{
    const size_t length = (size_t)(t->line_end - t->at);
    return memchr(t->at, '\t', length) ? '\t' : memchr(t->at, ';', length) ? ';' : ',';
}

/* Leaves out a first line without any number. False if there is nothing else. */
static bool skip_header(table *t, elb_error *err)
{
    size_t cells, numbers;
    if (!next_line(t)) return false;
    t->separator = separator_of(t);
    const cell first = survey(t, &cells, &numbers);
    if (numbers) return true;
    if (!*first.text && cells > 1)
        elb_remark(err, "the table's first column has no name: if it is only an index, leave it out, as pandas does in "
                        "df.to_csv(path, index=False)");
    end_line(t);
    return next_line(t);
}

/* Finds the columns and bounds the rows: a cell and what ends it take two bytes or more. */
static elbow_status begin(table *t, elb_error *err)
{
    size_t cells, numbers;
    if (!skip_header(t, err))
        return elb_fail(err, ELBOW_BAD_DATA, "it holds no row of numbers: there is nothing to learn from");
    survey(t, &cells, &numbers);
    if (cells > INT32_MAX)
        return elb_fail(err, ELBOW_BAD_DATA, "line %" PRIu64 " has %zu cells: too many to be learnt from", t->line,
                        cells);
    t->columns = (uint32_t)cells;
    const size_t most = ((size_t)(t->end - t->at) + 1) / 2 / cells;
    t->room = most < UINT32_MAX ? (uint32_t)most + 1 : UINT32_MAX;
    return ELBOW_OK;
}

static elbow_status read_rows(elb_block *block, elb_error *err, table *t, uint32_t limit)
{
    TRY(begin(t, err));
    if (limit && limit < t->room) t->room = limit;
    float *values;
    TRY(elb_new(err, &values, t->room, t->columns * sizeof *values, "the table"));
    *block = (elb_block){.size = {0, 1, t->columns, 1}, .flat = true, .values = values};
    do {
        TRY(read_row(values + (size_t)block->size[0] * t->columns, err, t));
        block->size[0]++;
        end_line(t);
    } while (block->size[0] < t->room && next_line(t));
    return ELBOW_OK;
}

elbow_status elb_csv_parse(elb_block *block, elb_error *err, const char *text, size_t size, uint32_t limit)
{
    table t = {.at = text, .end = text + size};
    *block = (elb_block){.values = NULL};
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) t.at += 3; /* the mark of UTF-8 */
    t.locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!t.locale) return elb_fail(err, ELBOW_MEMORY, "no memory for a locale");
    const elbow_status status = read_rows(block, err, &t, limit);
    freelocale(t.locale);
    return status;
}

elbow_status elb_csv_single(elbow_data *data, elb_error *err, const char *path, uint32_t limit)
{
    void *file = NULL;
    size_t size;
    elb_block block;
    TRY(elb_file_read(err, &file, &size, path, SIZE_MAX / 2));
    const elbow_status status = elb_csv_parse(&block, err, file, size, limit);
    free(file);
    if (status == ELBOW_OK) return elb_data_take(data, err, 0, path, &block);
    free(block.values);
    return elb_blame(err, "%s", path);
}
