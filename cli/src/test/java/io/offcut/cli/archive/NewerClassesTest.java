package io.offcut.cli.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassFile;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class NewerClassesTest {
    @Test
    void theCommandLineWorksFromItsCopyWhoseClassesAnArchiveTakes(@TempDir Path folder)
            throws Exception {
        Path jar =
                Path.of(
                        CommandLine.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI());
        Path copy = folder.resolve("copy.zip");

        NewerClasses.main(new String[] {jar.toString(), copy.toString()});

        try (ZipFile from = new ZipFile(jar.toFile());
                ZipFile to = new ZipFile(copy.toFile())) {
            assertThat(to.stream().map(ZipEntry::getName))
                    .containsExactlyElementsOf(from.stream().map(ZipEntry::getName).toList());
            byte[] bytes =
                    to.getInputStream(to.getEntry("picocli/CommandLine.class")).readAllBytes();
            assertThat(ClassFile.of().parse(bytes).majorVersion())
                    .isEqualTo(ClassFile.JAVA_8_VERSION);
        }
        // A loader without parent but the platform's verifies what it defines.
        try (URLClassLoader loader =
                new URLClassLoader(
                        new URL[] {copy.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            Class<?> copied = loader.loadClass("picocli.CommandLine");
            Class<?> spec = loader.loadClass("picocli.CommandLine$Model$CommandSpec");
            Method create = spec.getMethod("create");
            Object line = copied.getConstructor(Object.class).newInstance(create.invoke(null));
            Method usage = copied.getMethod("getUsageMessage");
            assertThat(usage.invoke(line)).asString().startsWith("Usage: <main class>");
        }
    }
}
