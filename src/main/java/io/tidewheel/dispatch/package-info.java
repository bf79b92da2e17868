/**
 * Which threads run actors. On a busy machine any pool will do; on one that is not, the cost of a
 * message is the cost of waking threads, and this package is about waking few.
 */
@org.jspecify.annotations.NullMarked
package io.tidewheel.dispatch;
