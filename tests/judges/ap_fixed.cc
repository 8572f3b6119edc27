// Convert and accumulate with Xilinx's ap_fixed. Codes come as 64-bit integers on standard input, results leave
// likewise; a generated main calls these functions once for each combination of types.
#include <ap_fixed.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

static std::vector<int64_t> read(std::size_t count) {
    std::vector<int64_t> codes(count);
    if (std::fread(codes.data(), sizeof(int64_t), count, stdin) != count) std::exit(2);
    return codes;
}

static void write(int64_t code) {
    if (std::fwrite(&code, sizeof code, 1, stdout) != 1) std::exit(3);
}

// V holds the bits of a number, as an integer of its width and sign.
template <class T> T from_code(int64_t code) {
    T value;
    value.V = code;
    return value;
}

template <class T> int64_t to_code(const T &value) { return value.V.to_int64(); }

template <class From, class To> void convert(const std::vector<int64_t> &codes) {
    for (int64_t code : codes) write(to_code(To(from_code<From>(code))));
}

// A row is taps of x, taps of w and a bias in the products' unit. The bias and each product are cast, then added.
template <class X, class W, class Bias, class Product, class Acc>
void dot(const std::vector<int64_t> &rows, std::size_t taps) {
    for (std::size_t row = 0; row < rows.size(); row += 2 * taps + 1) {
        Acc acc = Product(from_code<Bias>(rows[row + 2 * taps]));
        for (std::size_t k = 0; k < taps; ++k)
            acc += Product(from_code<X>(rows[row + k]) * from_code<W>(rows[row + taps + k]));
        write(to_code(acc));
    }
}
