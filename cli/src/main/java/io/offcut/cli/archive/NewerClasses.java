package io.offcut.cli.archive;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Copies a jar with its classes in a format that Java takes into an archive of classes: those of a
 * library made for Java 5 it would verify and link anew at each start, 80 ms for the command line.
 */
public final class NewerClasses {
    private static final String SUFFIX = ".class";

    private final ClassFile classFile =
            ClassFile.of(
                    ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                    ClassFile.ClassHierarchyResolverOption.of(
                            ClassHierarchyResolver.ofResourceParsing(
                                    NewerClasses.class.getClassLoader())));

    private NewerClasses() {}

    /** Two arguments: the jar, which is on the class path, and the copy. */
    public static void main(String[] args) throws IOException {
        new NewerClasses().copy(Path.of(args[0]), Path.of(args[1]));
    }

    private void copy(Path jar, Path copy) throws IOException {
        try (ZipFile from = new ZipFile(jar.toFile());
                OutputStream file = Files.newOutputStream(copy);
                ZipOutputStream to = new ZipOutputStream(file)) {
            for (ZipEntry entry : Collections.list(from.entries())) {
                to.putNextEntry(new ZipEntry(entry.getName()));
                try (InputStream in = from.getInputStream(entry)) {
                    byte[] bytes = in.readAllBytes();
                    to.write(entry.getName().endsWith(SUFFIX) ? newer(bytes) : bytes);
                }
                to.closeEntry();
            }
        }
    }

    private byte[] newer(byte[] bytes) {
        ClassModel model = classFile.parse(bytes);
        if (model.majorVersion() >= ClassFile.JAVA_8_VERSION) {
            return bytes;
        }
        return classFile.transformClass(
                model,
                ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
                        .andThen(
                                ClassTransform.endHandler(
                                        to -> to.withVersion(ClassFile.JAVA_8_VERSION, 0))));
    }
}
