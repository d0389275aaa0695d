@NullMarked
package io.offcut.client;

import org.jspecify.annotations.NullMarked;
