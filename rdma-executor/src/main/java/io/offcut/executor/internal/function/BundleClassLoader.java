package io.offcut.executor.internal.function;

import java.net.URL;
import java.net.URLClassLoader;

/** Loads a bundle's classes; of everything else they see the JDK and the module core. */
final class BundleClassLoader extends URLClassLoader {
    static {
        registerAsParallelCapable();
    }

    BundleClassLoader(URL jarOrFolder) {
        super(new URL[] {jarOrFolder}, new CoreClassLoader());
    }

    private static final class CoreClassLoader extends ClassLoader {
        private static final String CORE = "io.offcut.core.";

        static {
            registerAsParallelCapable();
        }

        CoreClassLoader() {
            super(getPlatformClassLoader());
        }

        /** Asked after the platform's loader did not know the class. */
        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.startsWith(CORE)) {
                return Class.forName(name, false, BundleClassLoader.class.getClassLoader());
            }
            throw new ClassNotFoundException(name);
        }
    }
}
