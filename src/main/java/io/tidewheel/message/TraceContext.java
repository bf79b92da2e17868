package io.tidewheel.message;

import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a message belongs in a distributed trace: the message headers {@code traceparent} and
 * {@code tracestate}, as W3C Trace Context (level 1) writes them. A broker is no part of a trace:
 * it carries them from the publisher to the worker as they are, and leaves out what is none.
 */
public final class TraceContext {
  /** Name of the header with the ids of the trace and of the caller's span. */
  public static final String PARENT = "traceparent";

  /** Name of the header with what vendors add. */
  public static final String STATE = "tracestate";

  private static final int MAX_STATE_MEMBERS = 32;
  private static final int PARENT_CHARS = 55;

  /** Version, trace id, parent id, flags; a later version may have more behind another dash. */
  private static final Pattern PARENT_FORM =
      Pattern.compile(
          "(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?");

  private static final Pattern STATE_MEMBER =
      Pattern.compile(
          "[a-z0-9][a-z0-9_*/@-]{0,255}=[\\x20-\\x2b\\x2d-\\x3c\\x3e-\\x7e]{0,255}"
              + "[\\x21-\\x2b\\x2d-\\x3c\\x3e-\\x7e]");

  private static final Pattern PRINTABLE = Pattern.compile("[\\x20-\\x7e]*");

  private TraceContext() {}

  /** Leaves out of headers what is no context; a state without a parent is none. */
  public static void clean(Map<String, String> headers) {
    String parent = headers.get(PARENT);
    String state = headers.get(STATE);
    if (parent != null && !isParent(parent)) {
      headers.remove(PARENT);
      parent = null;
    }
    if (state != null && (parent == null || !isState(state))) {
      headers.remove(STATE);
    }
  }

  /** Whether a text is a {@code traceparent}. */
  public static boolean isParent(@Nullable String text) {
    return text != null
        && PARENT_FORM.matcher(text).matches()
        && PRINTABLE.matcher(text).matches()
        && (text.length() == PARENT_CHARS || !text.startsWith("00"));
  }

  /** Whether a text is a {@code tracestate}. */
  public static boolean isState(String text) {
    String[] members = text.split(",", -1);
    if (members.length > MAX_STATE_MEMBERS) {
      return false;
    }
    boolean hasMember = false;
    for (String member : members) {
      String trimmed = member.strip();
      if (!trimmed.isEmpty()) {
        if (!STATE_MEMBER.matcher(trimmed).matches()) {
          return false;
        }
        hasMember = true;
      }
    }
    return hasMember && text.chars().allMatch(c -> c == '\t' || (c >= 0x20 && c <= 0x7e));
  }
}
