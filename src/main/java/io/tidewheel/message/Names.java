package io.tidewheel.message;

import java.util.regex.Pattern;

/**
 * What topics and subscriptions may be called: {@code [A-Za-z0-9._-]{1,100}}, but not {@code .} or
 * {@code ..}. {@code ~} is reserved: it joins topic and subscription in the name of a dead-letter
 * topic, so no two dead-letter topics share a name.
 */
public final class Names {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");
  private static final String RULE =
      "1 to 100 characters out of A-Z a-z 0-9 . _ - and neither \".\" nor \"..\"";

  private Names() {}

  public static boolean isValid(String name) {
    return NAME.matcher(name).matches() && !name.equals(".") && !name.equals("..");
  }

  /** Whether this names a topic that the broker itself makes for dead letters. */
  public static boolean isDeadLetterTopic(String name) {
    int separator = name.indexOf('~');
    return separator > 0
        && isValid(name.substring(0, separator))
        && isValid(name.substring(separator + 1));
  }

  /** The topic that takes the dead letters of a subscription. */
  public static String deadLetterTopic(String topic, String subscription) {
    return topic + '~' + subscription;
  }

  /** The rule in words, for error messages. */
  public static String rule() {
    return RULE;
  }
}
