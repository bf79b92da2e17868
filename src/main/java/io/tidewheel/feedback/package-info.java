/**
 * Feedback: how much of what is ready may be given out, and why not more.
 *
 * <p>The laws ({@code SuccessLaw}, {@code BudgetLaw}, {@code CpuLaw}, {@code Division}) are pure.
 * One {@code FeedbackRelay} a node reads, four times a second, what the subscriptions of the node
 * gave out and what became of it ({@link io.tidewheel.subscription.Throttle}), tells the actors
 * that decide for the whole cluster, and sets what each subscription may give out from then on.
 * Nothing is sent for a single message, and no dispatch waits for an actor.
 */
@NullMarked
package io.tidewheel.feedback;

import org.jspecify.annotations.NullMarked;
