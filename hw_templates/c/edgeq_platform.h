/* SPDX-License-Identifier: MIT
 *
 * Where constant data are placed, for GCC, Clang, IAR and MSVC.
 *
 *   EDGEQ_ALIGN(n)            in front of a definition: align it to n bytes
 *   EDGEQ_SECTION(name)       in front of a definition: put it into the named section
 *   EDGEQ_CONSTANT_PLACEMENT  in front of every emitted constant array; nothing unless the build sets it:
 *                             -D'EDGEQ_CONSTANT_PLACEMENT=EDGEQ_SECTION(".weights")'
 */
#ifndef EDGEQ_PLATFORM_H
#define EDGEQ_PLATFORM_H

#if defined(__ICCARM__) || defined(__ICCRISCV__) || defined(__IAR_SYSTEMS_ICC__)
#define EDGEQ_PRAGMA(text) _Pragma(#text)
#define EDGEQ_ALIGN(n) EDGEQ_PRAGMA(data_alignment = n)
#define EDGEQ_SECTION(name) EDGEQ_PRAGMA(location = name)
#elif defined(_MSC_VER)
#define EDGEQ_ALIGN(n) __declspec(align(n))
#define EDGEQ_SECTION(name) __pragma(section(name, read)) __declspec(allocate(name))
#elif defined(__GNUC__)
#define EDGEQ_ALIGN(n) __attribute__((aligned(n)))
#define EDGEQ_SECTION(name) __attribute__((section(name)))
#else
#define EDGEQ_ALIGN(n)
#define EDGEQ_SECTION(name)
#endif

#ifndef EDGEQ_CONSTANT_PLACEMENT
#define EDGEQ_CONSTANT_PLACEMENT
#endif

#endif
