/** What the tests of every module share. */
@NullMarked
package io.offcut.testing;

import org.jspecify.annotations.NullMarked;
