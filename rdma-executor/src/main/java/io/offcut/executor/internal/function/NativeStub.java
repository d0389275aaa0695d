package io.offcut.executor.internal.function;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * A call of one C symbol. The class of each stub is a copy of a template whose method handle is a
 * constant of the class: the compiler then makes the call itself, which through a handle that is a
 * mere field takes several times as long.
 */
abstract class NativeStub {
    /** Calls. The unchecked form has no use for the capacity. */
    abstract int call(long in, int inputBytes, long out, int capacityBytes) throws Throwable;

    /** {@code uint32_t f(void *in, uint32_t size, void *out)}. */
    static NativeStub unchecked(MethodHandle symbol) {
        return copyOf("NativeStub$Unchecked.class", symbol);
    }

    /** {@code int32_t f(const void *in, uint32_t size, void *out, uint32_t capacity)}. */
    static NativeStub checked(MethodHandle symbol) {
        return copyOf("NativeStub$Checked.class", symbol);
    }

    private static NativeStub copyOf(String template, MethodHandle symbol) {
        try (InputStream in = NativeStub.class.getResourceAsStream(template)) {
            if (in == null) {
                throw new IllegalStateException(template + " is missing from the program");
            }
            Class<?> stub =
                    MethodHandles.lookup()
                            .defineHiddenClassWithClassData(in.readAllBytes(), symbol, true)
                            .lookupClass();
            return (NativeStub) stub.getDeclaredConstructor().newInstance();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    static MethodHandle handle(MethodHandles.Lookup stub) {
        try {
            return MethodHandles.classData(stub, "_", MethodHandle.class);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A template: only copies of it are used. */
    static final class Unchecked extends NativeStub {
        private static final MethodHandle SYMBOL = handle(MethodHandles.lookup());

        @Override
        int call(long in, int inputBytes, long out, int capacityBytes) throws Throwable {
            return (int) SYMBOL.invokeExact(in, inputBytes, out);
        }
    }

    /** A template: only copies of it are used. */
    static final class Checked extends NativeStub {
        private static final MethodHandle SYMBOL = handle(MethodHandles.lookup());

        @Override
        int call(long in, int inputBytes, long out, int capacityBytes) throws Throwable {
            return (int) SYMBOL.invokeExact(in, inputBytes, out, capacityBytes);
        }
    }
}
