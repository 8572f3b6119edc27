/* SPDX-License-Identifier: MIT
 *
 * Compare constant arrays of ap_int, ap_uint or ac_int with a recorded file, for C simulation on a host.
 *
 * The file holds, for every array in turn, a line with its name and its number of values, then the values in decimal,
 * one a line. The report is one line, EDGEQ_HLS PASS or EDGEQ_HLS FAIL.
 */
#ifndef EDGEQ_VALUES_H
#define EDGEQ_VALUES_H

#include <fstream>
#include <iostream>
#include <string>

class edgeq_values {
  public:
    explicit edgeq_values(const char *path) : path_(path), file_(path), arrays_(0), values_(0), fault_() {}

    /* The next array of the file has to be this one: nothing is compared after the first fault. */
    template <class T, unsigned N> void compare(const char *name, const T (&array)[N]) {
        std::string found;
        unsigned long count = 0;
        if (!fault_.empty()) return;
        if (!(file_ >> found >> count) || found != name || count != N) {
            fault_ = std::string(name) + " is not in " + path_ + " with its number of values";
            return;
        }
        for (unsigned k = 0; k < N; ++k) {
            long long expected = 0;
            if (!(file_ >> expected) || static_cast<long long>(array[k].to_int64()) != expected) {
                fault_ = std::string(name) + " differs at " + std::to_string(k);
                return;
            }
        }
        ++arrays_;
        values_ += N;
    }

    /* Print the one line; returns what main returns. */
    int report() {
        std::string more;
        if (fault_.empty() && file_ >> more) fault_ = std::string(path_) + " holds more than the header";
        if (!fault_.empty()) {
            std::cout << "EDGEQ_HLS FAIL: " << fault_ << std::endl;
            return 1;
        }
        std::cout << "EDGEQ_HLS PASS: " << arrays_ << " arrays, " << values_ << " values" << std::endl;
        return 0;
    }

  private:
    const char *path_;
    std::ifstream file_;
    unsigned long arrays_;
    unsigned long values_;
    std::string fault_;
};

#endif
