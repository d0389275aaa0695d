package io.offcut.executor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** A bundle with a function for each thing that can happen. */
final class TestBundle {
    static final long TIMEOUT_MILLIS = 2_000;

    private static final String LIBRARY = "libfunctions.so";
    private static final String CLASSES = "classes";

    private final Path directory;
    private final List<FunctionSpec> functions = new ArrayList<>();

    private TestBundle(Path directory) {
        this.directory = directory;
    }

    static TestBundle make(Path directory) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        compile(directory.resolve(LIBRARY));
        copyClasses(directory.resolve(CLASSES));
        TestBundle bundle = new TestBundle(directory);
        for (String symbol :
                List.of(
                        "echo",
                        "ends",
                        "crash",
                        "quit",
                        "spin",
                        "claim_too_much",
                        "overrun",
                        "nap")) {
            bundle.addNative(symbol, false);
        }
        bundle.addNative("checked_echo", true);
        bundle.addNative("refuse", true);
        bundle.addNative("absent_symbol", false);
        for (String name :
                List.of(
                        "Reverse",
                        "Throwing",
                        "Exiting",
                        "TooLong",
                        "Peeping",
                        "Homes",
                        "Unmakable")) {
            bundle.addJava(name);
        }
        bundle.addJava("AbsentClass");
        bundle.addCommand("cat", "cat");
        bundle.addCommand("fail", "sh", "-c", "echo first >&2; echo 'no such luck' >&2; exit 3");
        bundle.addCommand("yes", "yes");
        bundle.addCommand("hang", "sh", "-c", "sleep 1000 & sleep 1000");
        bundle.addCommand("late", "sh", "-c", "(sleep 1; echo late) & sleep 0.2; echo early");
        bundle.addCommand("keep", "sh", "-c", "sleep 1000 & sleep 0.2; echo $!");
        bundle.addCommand(
                "detach", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!; exit $(cat)");
        bundle.addCommand(
                "detach_and_hang", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & sleep 1000");
        bundle.addCommand(
                "homeless", "sh", "-c", "HOME=/ sleep 1000 >/dev/null 2>&1 & echo $!; exit $(cat)");
        bundle.addCommand("mute", "sh", "-c", "exec sleep 1000 <&- >&- 2>&-");
        bundle.addCommand(
                "shout", "sh", "-c", "yes shout | head -c 1000000 >&2; echo OH >&2; exit 1");
        bundle.addCommand("homewrecker", "sh", "-c", "rmdir \"$HOME\" && echo gone");
        bundle.addCommand("ignore", "sh", "-c", "echo ignored");
        bundle.addCommand("environment", "env");
        bundle.addCommand("absent_program", "no-such-program");
        bundle.addCommand("escape", "../../../bin/cat");
        return bundle;
    }

    private static void compile(Path library) throws IOException, InterruptedException {
        Path source = library.resolveSibling("functions.c");
        try (InputStream in = TestBundle.class.getResourceAsStream("/functions.c")) {
            assumeTrue(in != null);
            Files.copy(in, source);
        }
        try {
            Process gcc =
                    new ProcessBuilder(
                                    "gcc",
                                    "-shared",
                                    "-fPIC",
                                    "-O1",
                                    "-o",
                                    library.toString(),
                                    source.toString())
                            .inheritIO()
                            .start();
            if (!gcc.waitFor(60, TimeUnit.SECONDS) || gcc.exitValue() != 0) {
                throw new IOException("gcc failed on functions.c");
            }
        } catch (IOException e) {
            assumeTrue(
                    e.getMessage() == null || !e.getMessage().contains("error=2"),
                    "needs gcc: native functions are compiled for the test");
            throw e;
        }
    }

    private static void copyClasses(Path folder) throws IOException {
        String prefix = TestFunctions.class.getName().replace('.', '/');
        Path packageFolder = folder.resolve(prefix).getParent();
        Files.createDirectories(packageFolder);
        for (String nested :
                List.of(
                        "",
                        "$Reverse",
                        "$Throwing",
                        "$Exiting",
                        "$TooLong",
                        "$Peeping",
                        "$Homes",
                        "$Unmakable")) {
            String file = prefix + nested + ".class";
            try (InputStream in = TestBundle.class.getResourceAsStream("/" + file)) {
                Files.copy(Objects.requireNonNull(in, file), folder.resolve(file));
            }
        }
    }

    private void addNative(String symbol, boolean checked) {
        add(symbol, FunctionKind.NATIVE, LIBRARY, symbol, checked, List.of());
    }

    private void addJava(String name) {
        String type = TestFunctions.class.getName() + "$" + name;
        add(name, FunctionKind.JAVA, CLASSES, type, false, List.of());
    }

    private void addCommand(String name, String... words) {
        add(name, FunctionKind.COMMAND, "", "", false, List.of(words));
    }

    private void add(
            String name,
            FunctionKind kind,
            String file,
            String symbol,
            boolean checked,
            List<String> command) {
        functions.add(
                new FunctionSpec(name, kind, file, symbol, checked, command, true, TIMEOUT_MILLIS));
    }

    Path directory() {
        return directory;
    }

    List<FunctionSpec> functions() {
        return functions;
    }

    /** Index of a function. */
    int index(String name) {
        for (int index = 0; index < functions.size(); index++) {
            if (functions.get(index).name().equals(name)) {
                return index;
            }
        }
        throw new IllegalArgumentException("no function " + name);
    }
}
