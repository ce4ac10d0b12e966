#include "app/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "app/config_file.hpp"

namespace cairn {
namespace {

const std::vector<std::string> kOnOff = {"on", "off"};

/// Every option may stand in the environment too: --mine-every is CAIRN_MINE_EVERY.
CLI::Option* with_environment(CLI::Option* option) {
    std::string name = option->get_lnames().front();
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    });
    return option->envname("CAIRN_" + name);
}

template <class T>
CLI::Option* add(CLI::App& app, const std::string& flag, T& value, const std::string& help) {
    auto* option = app.add_option(flag, value, help);
    // A flag said twice means its last; this is also how the command line overrules the file.
    if constexpr (!std::is_same_v<T, std::vector<std::string>>)
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->capture_default_str();
    return with_environment(option);
}

CLI::App* add_node(CLI::App& app, NodeSettings& settings, std::string& config) {
    auto* node = app.add_subcommand("node", "Run a node");
    add(*node, "--datadir", settings.datadir, "Directory of chain, users and backups [~/.cairn/CHAIN]");
    add(*node, "--http", settings.http, "ADDRESS:PORT to listen on; port 0 takes any");
    add(*node, "--chain", settings.chain, "main, steady, dev, or a chain's TOML file");
    add(*node, "--auth", settings.auth, "Log-in: on or off (off: loopback only) [on; on dev off]")
        ->check(CLI::IsMember(kOnOff));
    add(*node, "--gossip", settings.gossip, "Dial and relay by itself")->check(CLI::IsMember(kOnOff));
    add(*node, "--connect", settings.connect, "A node to stay connected with, HOST:PORT; repeatable");
    add(*node, "--allow-node", settings.allow_nodes,
        "Key of a node that may connect, hex; repeatable [all] (loopback only)");
    add(*node, "--store", settings.store, "rocksdb, or memory (forgets everything at exit)")
        ->check(CLI::IsMember(std::vector<std::string>{"rocksdb", "memory"}));
    add(*node, "--host", settings.hosts,
        "A host name or IP address under which this node may be called; repeatable");
    add(*node, "--cors", settings.cors, "A web origin that may call this node; repeatable");
    add(*node, "--trusted-proxy", settings.trusted_proxies,
        "A proxy that is believed when it says for whom it asks, address or CIDR; repeatable");
    with_environment(node->add_flag("--plain-login", settings.plain_login,
                                    "Let other machines log in over plain HTTP"));
    with_environment(node->add_flag("--mine", settings.mine, "Mine in the background"));
    add(*node, "--mine-to", settings.mine_to, "Address (or name) that background mining pays [operator]");
    add(*node, "--mine-every", settings.mine_every,
        "Mean seconds between blocks mined in the background on a chain of fixed difficulty")
        ->check(CLI::Range(0.0, 1e6));
    add(*node, "--mine-on", settings.mine_on,
        "When a chain with names (--chain dev) mines: on request (/mine), on each transfer, or that many\n"
        "seconds after each block; other chains take --mine");
    add(*node, "--mine-timeout", settings.mine_timeout, "Seconds after which /mine gives up")
        ->check(CLI::Range(1, 86'400));
    add(*node, "--threads", settings.threads, "Mining threads [all cores]")->check(CLI::Range(0, 1024));
    add(*node, "--memory-mib", settings.memory_mib,
        "Memory that the node may use in all, MiB; what does not fit is refused")
        ->check(CLI::Range(1, 1'048'576));
    add(*node, "--pool-mib", settings.pool_mib, "Memory of waiting transfers, MiB, part of --memory-mib")
        ->check(CLI::Range(1, 1'048'576));
    add(*node, "--min-fee-rate", settings.min_fee_rate, "Least fee, coins per 1,000 bytes");
    add(*node, "--log-level", settings.log_level, "debug, info, warn or error")
        ->check(CLI::IsMember(std::vector<std::string>{"debug", "info", "warn", "error"}));
    add(*node, "--log-format", settings.log_format, "text or json")
        ->check(CLI::IsMember(std::vector<std::string>{"text", "json"}));
    add(*node, "--config", config, "TOML file with these same names");
    return node;
}

CLI::App* add_tool(CLI::App& app, const std::string& name, const std::string& help,
                   ToolSettings& settings, const std::string& file_help) {
    auto* tool = app.add_subcommand(name, help);
    add(*tool, "--datadir", settings.datadir, "Directory of the node [~/.cairn/CHAIN]");
    add(*tool, "--chain", settings.chain, "main, steady, dev, or a chain's TOML file");
    if (!file_help.empty()) tool->add_option("file", settings.file, file_help)->required();
    return tool;
}

CLI::App* add_new_chain(CLI::App& app, NewChainSettings& settings) {
    auto* chain = app.add_subcommand("chain", "Chains of your own");
    chain->require_subcommand(1);
    auto* made = chain->add_subcommand("new", "Write the TOML file of a new chain");
    made->add_option("file", settings.file, "The file to write")->required();
    made->add_option("--name", settings.name, "Name of the chain")->required();
    made->add_option("--prefix", settings.prefix, "Prefix of its addresses")->required();
    const auto option = [&](const char* flag, auto& value, const char* help) {
        return made->add_option(flag, value, help)->capture_default_str();
    };
    option("--mode", settings.mode, "fixed, or asert (difficulty follows the blocks' times)")
        ->check(CLI::IsMember(std::vector<std::string>{"fixed", "asert"}));
    option("--bits", settings.bits, "Compact target: of every block, or the easiest one of asert");
    made->add_option("--genesis-time", settings.genesis_time, "Unix seconds [now]");
    option("--spacing", settings.spacing, "Seconds between blocks, asert");
    option("--half-life", settings.half_life, "Seconds, asert");
    option("--subsidy", settings.subsidy, "Coins a block");
    option("--halving-interval", settings.halving, "Blocks");
    option("--max-block", settings.max_block, "Bytes");
    option("--max-data", settings.max_data, "Bytes of a transfer's data");
    option("--opening", settings.opening, "Coins that each new account is given");
    option("--future-limit", settings.future_limit, "Seconds a block may be ahead of the clock; 0: any");
    made->add_flag("--names", settings.names, "Names for addresses: for learning, anyone can sign for them");
    made->add_option("--allocate", settings.allocations, "ADDRESS=COINS at the beginning; repeatable");
    return made;
}

CLI::App* add_demo(CLI::App& app, DemoSettings& settings) {
    auto* demo = app.add_subcommand("demo", "Three joined nodes of a dev chain, mining and sending");
    add(*demo, "--port", settings.port, "Port of the first; the others take the next; 0: any");
    add(*demo, "--block-every", settings.block_every, "Mean seconds between blocks")
        ->check(CLI::Range(0.1, 3'600.0));
    add(*demo, "--transfer-every", settings.transfer_every, "Mean seconds between transfers")
        ->check(CLI::Range(0.01, 3'600.0));
    add(*demo, "--seconds", settings.seconds, "End after so long; 0: at Ctrl-C")
        ->check(CLI::Range(0.0, 1e6));
    return demo;
}

/// The file of `--config` or CAIRN_CONFIG, looked for before anything is parsed.
std::string config_path(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--config" && i + 1 < words.size()) return words[i + 1];
        if (words[i].starts_with("--config=")) return words[i].substr(9);
    }
    const char* set = std::getenv("CAIRN_CONFIG");  // NOLINT(concurrency-mt-unsafe)
    return set != nullptr ? set : "";
}

/// Whether the command line says the flag of a word like --host=a by itself. Then what the file says of
/// it is overruled, the whole of a list as well.
bool is_said(const std::vector<std::string>& words, const std::string& of_file) {
    const std::string flag = of_file.substr(0, of_file.find('='));
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return word == flag || word.starts_with(flag + "=");
    });
}

}  // namespace

std::string version_text() { return "cairn " CAIRN_VERSION; }

Invocation parse_command_line(const std::vector<std::string>& given) {
    CLI::App app{"Cairn, a proof-of-work blockchain node with an HTTP/JSON interface", "cairn"};
    app.set_version_flag("--version", version_text());
    app.require_subcommand(1);
    NodeSettings node_settings;
    ToolSettings tool_settings;
    NewChainSettings chain_settings;
    DemoSettings demo_settings;
    std::string config;
    auto* node = add_node(app, node_settings, config);
    auto* verify = add_tool(app, "verify", "Validate a whole store again", tool_settings, "");
    auto* exported = add_tool(app, "export", "Write the best chain to a file", tool_settings, "The file to write");
    auto* imported = add_tool(app, "import", "Read a chain from a file", tool_settings, "The file to read");
    auto* made = add_new_chain(app, chain_settings);
    auto* demo = add_demo(app, demo_settings);
    const ClientCommands client{app};

    std::vector<std::string> words = given;
    if (const std::string path = config_path(words); !path.empty() && !words.empty() && words[0] == "node") {
        auto more = words_of_config(path);
        if (!more) {
            std::cerr << "cairn: " << more.error() << "\n";
            return Exit{2};
        }
        std::erase_if(*more, [&](const std::string& word) { return is_said(given, word); });
        words.insert(words.begin() + 1, more->begin(), more->end());
    }
    try {
        std::reverse(words.begin(), words.end());  // as CLI11 takes them
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return Exit{app.exit(error)};
        const std::string word = given.empty() || given[0].starts_with('-') ? "" : given[0];
        const bool known = !app.get_subcommands([&](CLI::App* command) {
            return command->get_name() == word;
        }).empty();
        if (known || word.empty()) {
            std::cerr << "cairn: " << error.what();
        } else {
            std::cerr << "cairn: there is no command \"" << word << "\"";
        }
        std::cerr << " (cairn " << (known ? word + " " : "") << "--help tells what there is)\n";
        return Exit{2};
    }
    if (node->parsed()) return RunNode{std::move(node_settings)};
    if (verify->parsed()) return RunVerify{std::move(tool_settings)};
    if (exported->parsed()) return RunExport{std::move(tool_settings)};
    if (imported->parsed()) return RunImport{std::move(tool_settings)};
    if (demo->parsed()) return RunDemo{demo_settings};
    if (made->parsed()) return RunNewChain{std::move(chain_settings)};
    if (auto chosen = client.chosen()) return std::move(*chosen);
    return Exit{2};
}

}  // namespace cairn
