/**
 * What people see of the backlog over time: rates, sums and an hour of history.
 *
 * <p>Owns the {@link io.tidewheel.monitor.BacklogMonitor} of a node, which watches the node's board
 * and so hears what every node reports, and the {@code AllowanceMonitor}, which asks the nodes what
 * feedback allows. It only looks: nothing that moves a message asks it, and one that has forgotten
 * everything costs a few seconds without rates.
 */
@NullMarked
package io.tidewheel.monitor;

import org.jspecify.annotations.NullMarked;
