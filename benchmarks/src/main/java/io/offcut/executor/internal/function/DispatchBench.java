package io.offcut.executor.internal.function;

import io.offcut.benchmarks.invoke.BenchBundles;
import io.offcut.benchmarks.invoke.EmptyFunction;
import io.offcut.benchmarks.invoke.TempFolder;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** From an index to an empty function and back, beside the call of that function alone. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class DispatchBench {
    private static final int BYTES = 64;
    private static final Path DIR = folder();
    private static final Path NATIVE = nativeBundle();
    private static final MethodHandle HANDLE =
            Linker.nativeLinker()
                    .downcallHandle(
                            SymbolLookup.libraryLookup(
                                            NATIVE.resolve("libbench.so"), Arena.global())
                                    .findOrThrow("bench_empty"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG));

    private final EmptyFunction function = new EmptyFunction();
    private final FunctionTable natives =
            table(NATIVE, FunctionKind.NATIVE, "libbench.so", "bench_empty");
    private final FunctionTable javas =
            table(javaBundle(), FunctionKind.JAVA, "classes", EmptyFunction.class.getName());
    private final MemorySegment in = Arena.global().allocate(BYTES);
    private final MemorySegment out = Arena.global().allocate(BYTES);
    private final Call call = new Call(in, out);

    private static Path nativeBundle() {
        try {
            return BenchBundles.ofNative(DIR);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("no native function", e);
        }
    }

    private static Path javaBundle() {
        try {
            return BenchBundles.ofJava(DIR);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder() {
        try {
            return Files.createTempDirectory("offcut-parts");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @TearDown
    public void tearDown() throws IOException {
        TempFolder.delete(DIR);
    }

    private static FunctionTable table(Path bundle, FunctionKind kind, String file, String symbol) {
        FunctionSpec spec =
                new FunctionSpec("empty", kind, file, symbol, false, List.of(), true, 0);
        return new FunctionTable(List.of(spec), new BundleFiles(bundle), bundle);
    }

    @Benchmark
    public int bareNative() throws Throwable {
        return (int) HANDLE.invokeExact(in.address(), BYTES, out.address());
    }

    @Benchmark
    public int bareJava() {
        return function.invoke(in, out);
    }

    @Benchmark
    public int dispatchNative() {
        return run(natives);
    }

    @Benchmark
    public int dispatchJava() {
        return run(javas);
    }

    private int run(FunctionTable table) {
        call.begin(BYTES, BYTES, table.limitNanos(0, 0));
        return table.run(0, call);
    }
}
