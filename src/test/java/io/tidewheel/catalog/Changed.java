package io.tidewheel.catalog;

import java.lang.reflect.RecordComponent;

/** Records that differ from others in one thing. */
public final class Changed {
  private Changed() {}

  /** The record with another value of one component, which is named as in its declaration. */
  public static <R extends Record> R in(R record, String component, Object value) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    boolean isFound = false;
    try {
      for (int i = 0; i < components.length; i++) {
        boolean isChanged = components[i].getName().equals(component);
        isFound |= isChanged;
        types[i] = components[i].getType();
        values[i] = isChanged ? value : components[i].getAccessor().invoke(record);
      }
      if (!isFound) {
        throw new AssertionError(record.getClass() + " has no component " + component);
      }
      @SuppressWarnings("unchecked")
      R changed = (R) record.getClass().getDeclaredConstructor(types).newInstance(values);
      return changed;
    } catch (ReflectiveOperationException failure) {
      throw new LinkageError(failure.getMessage(), failure);
    }
  }
}
