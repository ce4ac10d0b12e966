#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "app/command_line.hpp"
#include "app/run_node.hpp"
#include "app/tools.hpp"

namespace {

struct Run {
    int operator()(const cairn::RunNode& run) const { return cairn::run_node(run.settings); }
    int operator()(const cairn::RunVerify& run) const { return cairn::run_verify(run.settings); }
    int operator()(const cairn::RunExport& run) const { return cairn::run_export(run.settings); }
    int operator()(const cairn::RunImport& run) const { return cairn::run_import(run.settings); }
    int operator()(const cairn::RunDemo& run) const { return cairn::run_demo(run.settings); }
    int operator()(const cairn::RunNewChain& run) const { return cairn::run_new_chain(run.settings); }
    int operator()(const cairn::RunClient& run) const {
        return cairn::cli::run(run.options, run.words, run.command);
    }
    int operator()(const cairn::Exit& exit) const { return exit.status; }
};

}  // namespace

int main(int argc, char** argv) {
    try {
        return std::visit(Run{}, cairn::parse_command_line(std::vector<std::string>(argv + 1, argv + argc)));
    } catch (const std::exception& error) {
        std::cerr << "cairn: " << error.what() << "\n";
        return 1;
    }
}
