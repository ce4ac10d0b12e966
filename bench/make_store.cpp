#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "bench/support/stores.hpp"

/// make_store DATADIR BLOCKS [TRANSFERS]: a data directory of the dev chain with that many blocks,
/// of that many signed transfers each, for figures of whole processes.
int main(int count, char** words) {
    using namespace cairn;
    using namespace cairn::bench;
    if (count < 3) {
        std::cerr << "make_store DATADIR BLOCKS [TRANSFERS]\n";
        return 2;
    }
    const std::filesystem::path datadir = words[1];
    const std::size_t blocks = std::strtoull(words[2], nullptr, 10);
    const std::size_t transfers_each = count > 3 ? std::strtoull(words[3], nullptr, 10) : 0;
    std::filesystem::create_directories(datadir);
    std::filesystem::permissions(datadir, std::filesystem::perms::owner_all);

    const auto params = dev_params();
    ChainMaker maker{params};
    TransferMaker transfers{params, 1000};
    std::vector<SharedBytes> made;
    for (std::size_t i = 0; i < blocks; ++i)
        made.push_back(maker.mine(transfers.take(transfers_each)));
    const auto store = open_rocks((datadir / "store").string());
    const auto node = open_node(params, *store);
    import(*node, *params, made);
    std::cout << "index " << node->ledger().tip().height << "\n";
}
