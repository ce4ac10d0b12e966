#pragma once

#include <memory>
#include <string>

#include "app/import.hpp"
#include "bench/support/chain_maker.hpp"
#include "storage/rocks_store.hpp"

namespace cairn::bench {

inline std::unique_ptr<RocksStore> open_rocks(const std::string& path) {
    auto opened = RocksStore::open(path, {});
    ENSURE(opened.has_value());
    return std::move(*opened);
}

inline std::unique_ptr<Node> open_node(const std::shared_ptr<const ChainParams>& params,
                                       Store& store) {
    auto opened = Node::open(params, store, {}, ChainMaker::now());
    ENSURE(opened.has_value());
    return std::move(*opened);
}

/// Takes `blocks` into `node` the way `cairn import` does.
inline void import(Node& node, const ChainParams& params, const std::vector<SharedBytes>& blocks) {
    std::size_t at = 0;
    const BlockSource source = [&]() -> Result<std::optional<Bytes>, std::string> {
        if (at == blocks.size()) return std::nullopt;
        return *blocks[at++];
    };
    ENSURE(import_blocks(node, params, source, ChainMaker::now, [](std::uint64_t) {}).has_value());
}

}  // namespace cairn::bench
