# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the table of bench/engines from its results, a line each:
#   REPETITION ARCH GROUP ROW ENGINE UNITS GUEST_NS HOST_NS
# with UNITS 0 where the row failed. Variables: engines (in their order), style (plain or markdown), native_i386, geomean,
# cpu_time (HOST_NS is processor time, and all figures are by it).

function pretty_time(ns)
{
    if (ns < 1e3) return sprintf("%.0f ns", ns)
    if (ns < 1e6) return sprintf("%.3g µs", ns / 1e3)
    if (ns < 1e9) return sprintf("%.3g ms", ns / 1e6)
    return sprintf("%.1f s", ns / 1e9)
}

function pretty_ratio(x) { return sprintf(x < 10 ? "%.2f" : x < 100 ? "%.1f" : "%.0f", x) }

# Fills sorted[1..n] with the ratios ABOVE ÷ BELOW of the repetitions that have both.
function ratios(row, above, below,    r, i, x, n)
{
    n = 0
    for (r = 1; r <= repetitions; ++r) {
        if (!((row, above, r) in time) || !((row, below, r) in time)) continue
        x = time[row, above, r] / time[row, below, r]
        for (i = ++n; i > 1 && sorted[i - 1] > x; --i) sorted[i] = sorted[i - 1]
        sorted[i] = x
    }
    return n
}

function median(n) { return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2 }

function ratio_cell(row, above, below,    n, middle)
{
    if ((row, above) in failed || (row, below) in failed) return "failed"
    n = ratios(row, above, below)
    if (n == 0) return "–"
    middle = median(n)
    return pretty_ratio(middle) (n > 1 ? sprintf(" ±%.0f%%", 50 * (sorted[n] - sorted[1]) / middle) : "")
}

function add_mean(name, x)
{
    if (!(name in mean_count)) mean_names[++mean_total] = name
    mean_logs[name] += log(x)
    ++mean_count[name]
}

function mean_text(name) { return pretty_ratio(exp(mean_logs[name] / mean_count[name])) }

# A cell's width in characters: those beyond ASCII that are used here have two or three bytes.
function width(text) { gsub(/µ|÷|±|–/, "x", text); return length(text) }

function cell(text, column)
{
    cells[lines, column] = text
    if (width(text) > widths[column]) widths[column] = width(text)
    if (column > columns) columns = column
}

function print_cells(    l, c, text, pad)
{
    for (l = 1; l <= lines; ++l) {
        text = ""
        for (c = 1; c <= columns; ++c) {
            if (style == "markdown") {
                text = text "| " cells[l, c] " "
                continue
            }
            pad = sprintf("%" (widths[c] - width(cells[l, c]) + 1) "s", "")
            text = text (c == 1 ? cells[l, c] pad : pad " " cells[l, c])
        }
        print text (style == "markdown" ? "|" : "")
        if (l == 1 && style == "markdown") {
            text = ""
            for (c = 1; c <= columns; ++c) text = text "|---"
            print text "|"
        }
    }
    lines = columns = 0
    split("", cells)
    split("", widths)
}

{
    row = $2 "/" $4
    if (!(row in known)) {
        known[row] = 1
        rows[++row_count] = row
        arch[row] = $2
        group[row] = $3
    }
    if ($1 > repetitions) repetitions = $1
    seen[$5] = 1
    if ($6 == 0) {
        failed[row, $5] = 1
        next
    }
    guest[row, $5, $1] = $7 / $6
    host[row, $5, $1] = $8 / $6
    guest_sum[$5] += $7
    host_sum[$5] += $8
}

END {
    if (row_count == 0) {
        print "nothing was measured"
        exit 1
    }
    # A guest whose clock differs from the host's is measured by the host's.
    for (engine in guest_sum) {
        skew = guest_sum[engine] / host_sum[engine] - 1
        by_host[engine] = cpu_time || skew < -0.03 || skew > 0.03
        if (by_host[engine] && !cpu_time) {
            notes = notes sprintf("The clock of guests on %s runs %.0f %% %s; its figures are by the host's clock.\n",
                                  engine, 100 * (skew < 0 ? -skew : skew), skew < 0 ? "slow" : "fast")
        }
    }
    for (key in guest) {
        split(key, part, SUBSEP)
        time[key] = by_host[part[2]] ? host[key] : guest[key]
    }

    if (cpu_time) notes = "All figures are processor time of the host.\n"

    engine_count = split(engines, order, " ")
    windsor = "translate" in seen ? "translate" : "emulate"

    lines = 1
    column = 0
    cell("row", ++column)
    if ("native" in seen) cell("native", ++column)
    if (("native" in seen) && ("tcg" in seen)) cell("TCG ÷ native", ++column)
    for (e = 1; e <= engine_count; ++e) {
        if (order[e] !~ /translate|verified|emulate/ || !(order[e] in seen)) continue
        cell(("native" in seen) ? order[e] " ÷ native" : order[e], ++column)
        if ("tcg" in seen) cell("TCG ÷ " order[e], ++column)
    }
    for (i = 1; i <= row_count; ++i) {
        row = rows[i]
        ++lines
        column = 0
        cell(row, ++column)
        if ("native" in seen) cell(time_cell(row, "native"), ++column)
        if (("native" in seen) && ("tcg" in seen)) {
            cell(group[row] == "boot" ? time_cell(row, "tcg") : ratio_cell(row, "tcg", "native"), ++column)
        }
        for (e = 1; e <= engine_count; ++e) {
            engine = order[e]
            if (engine !~ /translate|verified|emulate/ || !(engine in seen)) continue
            by_time = group[row] == "boot" || !("native" in seen)
            cell(by_time ? time_cell(row, engine) : ratio_cell(row, engine, "native"), ++column)
            if ("tcg" in seen) {
                cell(ratio_cell(row, "tcg", engine), ++column)
                n = ratios(row, "tcg", engine)
                if (n > 0 && !((row, engine) in failed)) {
                    add_mean(arch[row] " " group[row] SUBSEP engine, median(n))
                    add_mean("all rows" SUBSEP engine, median(n))
                } else if (engine == windsor) {
                    notes = notes "The mean leaves out " row ", which was not measured on both.\n"
                }
            }
        }
    }
    print_cells()

    if (mean_total > 0) {
        print ""
        lines = 1
        column = 1
        cell("geometric mean", 1)
        for (e = 1; e <= engine_count; ++e) {
            if (order[e] ~ /translate|verified|emulate/ && (order[e] in seen)) cell("TCG ÷ " order[e], ++column)
        }
        for (pass = 1; pass <= 2; ++pass) { # all rows come last
            for (m = 1; m <= mean_total; ++m) {
                split(mean_names[m], part, SUBSEP)
                if ((part[1] == "all rows") != (pass == 2) || (part[1] in printed)) continue
                printed[part[1]] = 1
                ++lines
                column = 1
                cell(part[1], 1)
                for (e = 1; e <= engine_count; ++e) {
                    engine = order[e]
                    if (engine !~ /translate|verified|emulate/ || !(engine in seen)) continue
                    cell((part[1] SUBSEP engine) in mean_count ? mean_text(part[1] SUBSEP engine) : "–", ++column)
                }
            }
        }
        print_cells()
    }
    if (("native" in seen) && native_i386 == "amd64") {
        notes = notes "This host runs no 32-bit programs: native figures of i386 rows are those of amd64 programs.\n"
    }
    if (notes != "") printf "\n%s", notes
    if (geomean) {
        print ""
        print ("all rows" SUBSEP windsor) in mean_count ? mean_text("all rows" SUBSEP windsor) : "nan"
    }
}

function time_cell(row, engine,    r, i, n, x)
{
    if ((row, engine) in failed) return "failed"
    n = 0
    for (r = 1; r <= repetitions; ++r) {
        if (!((row, engine, r) in time)) continue
        x = time[row, engine, r]
        for (i = ++n; i > 1 && sorted[i - 1] > x; --i) sorted[i] = sorted[i - 1]
        sorted[i] = x
    }
    return n == 0 ? "–" : pretty_time(median(n))
}
