/* SPDX-License-Identifier: MIT */
/* How the figures of the table (figures.h) are got from what a probe knows of a target.
 * Each returns false where the figure is not known. */
#ifndef RESULTS_GETTERS_H
#define RESULTS_GETTERS_H

#include "results/figures.h"

typedef bool figure_getter(const struct figure *f, const struct probe_view *v,
                           struct value *out);

/* Parts of a target that a run which was read again may lack. */
bool has_causes(const struct probe_view *v);
bool has_corruption(const struct probe_view *v);
bool has_peer(const struct probe_view *v);
bool has_one_way(const struct probe_view *v);
bool has_warmup(const struct probe_view *v);
bool has_marks(const struct probe_view *v);

/* Histograms; NULL where there is none. */
const struct histogram *rtt_times(const struct probe_view *v);
const struct histogram *intended_times(const struct probe_view *v);
const struct histogram *send_times(const struct probe_view *v);
const struct histogram *network_times(const struct probe_view *v);
const struct histogram *wire_times(const struct probe_view *v);
const struct histogram *receive_times(const struct probe_view *v);
const struct histogram *held_times(const struct probe_view *v);

/* Of the histogram f->of. */
figure_getter get_times, get_times_n, get_times_min, get_times_max, get_times_percentile,
    get_times_range, get_times_left_out;

/* Of struct probe_stats, at f->at. */
figure_getter get_count;
figure_getter get_open, get_jitter, get_lost_timeout, get_lost_unexplained;

figure_getter get_endpoint, get_address, get_unanswered, get_error, get_error_by,
    get_always;
figure_getter get_connects_known, get_connects, get_connects_failed, get_connect_min,
    get_connect_max;
figure_getter get_own_dropped, get_late_here, get_foreign_bytes;
figure_getter get_changed, get_truncated, get_padded, get_first_byte, get_last_byte,
    get_differing;
figure_getter get_server, get_reports, get_lost_going, get_lost_coming, get_lost_unknown,
    get_dropped, get_refused_by_guard, get_restarts, get_ttl_there, get_dscp_there,
    get_seen_as, get_local, get_translated, get_unproved;
figure_getter get_split, get_clock_program, get_clock_split, get_clock_held, get_no_split;
figure_getter get_one_way, get_one_way_n, get_going_range, get_coming_range,
    get_going_trend, get_coming_trend;
figure_getter get_resolve, get_exchange, get_neighbour, get_no_neighbour;
figure_getter get_ttl_sent, get_ttl_back, get_dscp_sent, get_dscp_back;
figure_getter get_late_times, get_late_worst, get_clock_steps, get_clock_step;
figure_getter get_stalls, get_stall_longest, get_stall_at, get_stall_waited;

#endif
