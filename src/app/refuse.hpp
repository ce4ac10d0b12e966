#pragma once

#include <iostream>
#include <string>

namespace cairn {

/// Says on standard error why a command did nothing; its exit status.
inline int refuse(const std::string& sentence) {
    std::cerr << "cairn: " << sentence << "\n";
    return 1;
}

}  // namespace cairn
